import { createCompiler, fromCel, type References, toCel, why } from '../cel/index.js';
import { SignalboxError } from '../errors.js';
import { isFileRef, type JsonValue } from '../json.js';
import { parseTemplate } from './template.js';

export type { References } from '../cel/index.js';
export { parseTemplate, type TemplatePart } from './template.js';

/** One item of a fan-out as an expression sees it. */
export interface ItemScope {
  readonly outputs: Readonly<Record<string, JsonValue>>;
  readonly status: string;
  readonly item: JsonValue;
}
/** A task as an expression sees it: `tasks.NAME`. Of a fan-out, see `fanOutScope`. */
export interface TaskScope {
  readonly outputs: Readonly<Record<string, JsonValue>>;
  readonly status: string;
  /** Why it failed: for its fallback. */
  readonly error?: { readonly code: string; readonly message: string };
  readonly items?: readonly ItemScope[];
}
/** Everything that an expression may read. */
export interface Scope {
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly tasks: Readonly<Record<string, TaskScope>>;
  readonly item?: JsonValue;
  readonly index?: number;
  readonly run: { readonly id: string; readonly pipeline: string; readonly tenant: string };
}

/** A rendered value larger than this (as JSON) is refused: Temporal warns from 512 KiB. */
const MAX_RENDERED_LENGTH = 512 * 1024;
/** 40 ms on an idle core, 200 ms on a busy one. */
const MAX_COST = 500_000;
const SCOPE_NAMES = ['params', 'tasks', 'item', 'index', 'run'] as const;

const compile = createCompiler({
  names: SCOPE_NAMES,
  maxCost: MAX_COST,
  declare(environment) {
    for (const name of SCOPE_NAMES) environment.registerVariable(name, 'dyn');
  },
  refuse: (path) =>
    path[0] === 'tasks' && path.length === 1
      ? 'tasks stands alone; name the task: tasks.NAME or tasks["NAME"]'
      : undefined,
});

/**
 * A finished fan-out as `tasks.NAME`: `items` is the list of `{ outputs, status, item }` in item order, and `outputs.x` is the
 * list of every item's `x` in the same order, null where an item gave none.
 */
export const fanOutScope = (status: string, items: readonly ItemScope[]): TaskScope => {
  const names = [...new Set(items.flatMap((item) => Object.keys(item.outputs)))].sort();
  const across = (name: string) =>
    items.map((item) => (Object.hasOwn(item.outputs, name) ? (item.outputs[name] ?? null) : null));
  return { status, items, outputs: Object.fromEntries(names.map((name) => [name, across(name)])) };
};

/** What an expression reads. Throws `invalid-expression` where it is no valid expression. */
export const references = (expression: string): References =>
  explained(expression, () => compile(expression).references);

/** Evaluates one CEL expression to plain JSON. Throws `invalid-expression` naming the expression and why. */
export const evaluate = (expression: string, scope: Scope): JsonValue =>
  explained(expression, () => {
    const compiled = compile(expression);
    return fromCel(compiled.run(visible(scope, compiled.references)));
  });

/** Evaluates a condition, bare or within `${{ }}`. Throws where it gives anything but true or false. */
export const evaluateCondition = (condition: string, scope: Scope): boolean => {
  const expression = conditionExpression(condition);
  const value = evaluate(expression, scope);
  if (typeof value === 'boolean') return value;
  throw failure(expression, `a condition gives true or false, this one gave ${JSON.stringify(value)}`);
};

/** The expression of a condition, without its wrapping. */
export const conditionExpression = (condition: string): string => {
  const [part, ...more] = parseTemplate(condition.trim());
  return more.length === 0 && part?.kind === 'expression' ? part.expression : condition;
};

/**
 * Replaces every `${{ … }}` in a JSON value. A text that is one expression becomes its value; an expression within a text becomes
 * text: a file its URI, a list or object compact JSON, a number plain digits.
 */
export const render = (value: JsonValue, scope: Scope): JsonValue => {
  const rendered = renderValue(value, scope);
  if (JSON.stringify(rendered).length <= MAX_RENDERED_LENGTH) return rendered;
  throw new SignalboxError(
    'invalid-expression',
    `The rendered value is larger than ${MAX_RENDERED_LENGTH / 1024} KiB; pass large data as a file.`,
  );
};

const renderValue = (value: JsonValue, scope: Scope): JsonValue => {
  if (typeof value === 'string') return renderText(value, scope);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => renderValue(element, scope));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, renderValue(member, scope)]));
};

const renderText = (text: string, scope: Scope): JsonValue => {
  const parts = parseTemplate(text);
  const [first] = parts;
  if (parts.length === 1 && first?.kind === 'expression') return evaluate(first.expression, scope);
  return parts
    .map((part) => (part.kind === 'text' ? part.text : asText(evaluate(part.expression, scope))))
    .join('');
};

/** A value within a text. */
export const asText = (value: JsonValue): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return plainDigits(value);
  return isFileRef(value) ? value.uri : JSON.stringify(value);
};

/** A number without an exponent: programs that read arguments seldom know `1e-7`. */
const plainDigits = (value: number): string => {
  const [mantissa = '', exponent] = String(value).split('e');
  if (exponent === undefined) return mantissa;
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const shift = Number(exponent);
  if (shift < 0) return `${sign}0.${'0'.repeat(-shift - 1)}${whole}${fraction}`;
  return `${sign}${whole}${fraction}${'0'.repeat(shift - fraction.length)}`;
};

/** Only what the expression reads is converted: a run may have thousands of tasks. */
const visible = (scope: Scope, { reads }: References): ReadonlyMap<string, unknown> => {
  const given: Readonly<Record<string, unknown>> = { ...scope, tasks: undefined };
  const names = new Set(reads.map(([name = '']) => name));
  const values = [...names]
    .filter((name) => given[name] !== undefined)
    .map((name) => [name, toCel(given[name])] as const);
  const tasks = new Set(
    reads.flatMap(([name, task]) => (name === 'tasks' && task !== undefined ? [task] : [])),
  );
  const known = [...tasks].filter((task) => Object.hasOwn(scope.tasks, task));
  return new Map<string, unknown>([
    ...values,
    ['tasks', new Map(known.map((task) => [task, toCel(scope.tasks[task])]))],
  ]);
};

const explained = <T>(expression: string, action: () => T): T => {
  try {
    return action();
  } catch (cause) {
    throw failure(expression, why(cause), cause);
  }
};

const failure = (expression: string, why: string, cause?: unknown): SignalboxError => {
  const shown = expression.length > 200 ? `${expression.slice(0, 200)}…` : expression;
  return new SignalboxError('invalid-expression', `\${{ ${shown.trim()} }}: ${why}`, [], { cause });
};
