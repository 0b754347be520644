import { SignalboxError } from '../errors.js';
import type { Draft, DraftTask } from './draft.js';
import { conditionExpression, parseTemplate, type References, references } from './expressions.js';
import { ancestorsOf, type Needs } from './graph.js';
import { unknownTask } from './rules.js';
import type { Mistake, Path } from './source.js';
import { didYouMean } from './suggest.js';

/** One expression of a document. `expected`: the CEL type that its place wants, where it wants one. */
interface Found {
  readonly path: Path;
  readonly expression: string;
  readonly readsItem: boolean;
  readonly expected?: 'bool' | 'list';
}

const TASK_FIELDS = ['outputs', 'status', 'items'];
const RUN_FIELDS = ['id', 'pipeline', 'tenant'];

/** Checks every expression of a document: its syntax, its types, and that what it reads exists and is there in time. */
export const checkExpressions = (draft: Draft): readonly Mistake[] => {
  const needs = new Map(
    [...draft.tasks].map(([name, task]) => [name, task.needs.filter((need) => need !== null)]),
  );
  return [...draft.tasks.values()].flatMap((task) => {
    const { found, mistakes } = collect(task, draft);
    return [...mistakes, ...found.flatMap((expression) => checkOne(expression, task, draft, needs))];
  });
};

const collect = (task: DraftTask, draft: Draft) => {
  const found: Found[] = [];
  const mistakes: Mistake[] = [];
  const owner = draft.tasks.get(draft.handlers.get(task.name)?.of ?? task.name);
  const readsItem = owner?.raw.forEach !== undefined;
  const templates = (value: unknown, path: Path, mayReadItem: boolean): void => {
    if (typeof value === 'object' && value !== null)
      for (const [key, child] of Object.entries(value))
        templates(child, [...path, Array.isArray(value) ? Number(key) : key], mayReadItem);
    if (typeof value === 'string')
      attempt(path, () => {
        for (const part of parseTemplate(value))
          if (part.kind === 'expression')
            found.push({ path, expression: part.expression, readsItem: mayReadItem });
      });
  };
  const attempt = (path: Path, action: () => void): void => {
    try {
      action();
    } catch (error) {
      mistakes.push(invalid(path, error));
    }
  };
  const { run, when, forEach } = task.raw;
  const base = ['tasks', task.name];
  templates(run, [...base, 'run'], readsItem);
  if (typeof when === 'string' && when !== '')
    attempt([...base, 'when'], () =>
      found.push({
        path: [...base, 'when'],
        expression: conditionExpression(when),
        readsItem,
        expected: 'bool',
      }),
    );
  if (typeof forEach === 'string' && forEach !== '')
    attempt([...base, 'forEach'], () =>
      found.push({
        path: [...base, 'forEach'],
        expression: conditionExpression(forEach),
        readsItem: false,
        expected: 'list',
      }),
    );
  else templates(forEach, [...base, 'forEach'], false);
  return { found, mistakes };
};

const invalid = (path: Path, error: unknown): Mistake => {
  if (!(error instanceof SignalboxError)) throw error;
  return { path, message: error.message, mend: 'correct the expression; its language is CEL (cel.dev)' };
};

const checkOne = (found: Found, task: DraftTask, draft: Draft, needs: Needs): readonly Mistake[] => {
  const { path, expression, expected } = found;
  const at = { text: expression };
  let known: References;
  try {
    known = references(expression);
  } catch (error) {
    return [{ ...invalid(path, error), at }];
  }
  const mistakes = known.reads.flatMap((read) => checkRead(read, found, task, draft, needs));
  if (expected && known.type !== 'dyn' && !known.type.startsWith(expected))
    mistakes.push({
      path,
      message: `\${{ ${expression} }} gives ${known.type}`,
      mend:
        expected === 'bool' ? 'compare it with something: a condition gives true or false' : 'give a list',
    });
  return mistakes.map((mistake) => ({ ...mistake, at }));
};

const checkRead = (
  read: readonly string[],
  { path, expression, readsItem }: Found,
  task: DraftTask,
  draft: Draft,
  needs: Needs,
): readonly Mistake[] => {
  const [name, key, field] = read;
  if ((name === 'item' || name === 'index') && !readsItem)
    return [
      {
        path,
        message: `"${name}" is known only in a task with forEach`,
        mend: `add forEach to this task, or do without ${name}`,
      },
    ];
  if (name === 'run' && key !== undefined && !RUN_FIELDS.includes(key))
    return [
      {
        path,
        message: `unknown "run.${key}"`,
        mend: `use one of ${RUN_FIELDS.join(', ')}${didYouMean(key, RUN_FIELDS)}`,
      },
    ];
  if (name === 'params' && key !== undefined && !draft.parameters.has(key))
    return [unknownParameter(key, path, draft)];
  if (name !== 'tasks' || key === undefined) return [];
  return checkTaskRead(key, field, path, expression, task, draft, needs);
};

const unknownParameter = (name: string, path: Path, { parameters }: Draft): Mistake => {
  const hint = didYouMean(name, [...parameters.keys()]);
  return { path, message: `unknown parameter "${name}"`, mend: `declare it under parameters${hint}` };
};

const checkTaskRead = (
  read: string,
  field: string | undefined,
  path: Path,
  expression: string,
  task: DraftTask,
  draft: Draft,
  needs: Needs,
): readonly Mistake[] => {
  const target = draft.tasks.get(read);
  if (!target) return [dashed(read, path, expression, draft) ?? unknownTask(read, path, draft)];
  if (field !== undefined && !TASK_FIELDS.includes(field))
    return [
      {
        path,
        message: `unknown "tasks.${read}.${field}"`,
        mend: `use one of ${TASK_FIELDS.join(', ')}${didYouMean(field, TASK_FIELDS)}`,
      },
    ];
  if (field === 'items' && target.raw.forEach === undefined)
    return [
      { path, message: `"${read}" has no items: it has no forEach`, mend: `read tasks.${read}.outputs` },
    ];
  return checkOrder(read, path, task, draft, needs);
};

/** `tasks.load-data` is a subtraction to CEL. */
const dashed = (read: string, path: Path, expression: string, { tasks }: Draft): Mistake | undefined => {
  const meant = [...tasks.keys()].find(
    (name) => name.startsWith(`${read}-`) && expression.includes(`tasks.${name}`),
  );
  if (meant === undefined) return undefined;
  return {
    path,
    message: `"tasks.${meant}" is read as a subtraction, because of the dash`,
    mend: `write tasks["${meant}"]`,
  };
};

/** What is read must have ended: it is needed, directly or not; a task that stands by may read the one it stands by for. */
const checkOrder = (
  read: string,
  path: Path,
  task: DraftTask,
  draft: Draft,
  needs: Needs,
): readonly Mistake[] => {
  if (read === task.name)
    return [{ path, message: `"${read}" reads itself`, mend: 'read a task that ends before it' }];
  const handler = draft.handlers.get(read);
  if (handler)
    return [
      {
        path,
        message: `"${read}" only stands by for "${handler.of}"`,
        mend: `read tasks.${handler.of} instead`,
      },
    ];
  const owner = draft.handlers.get(task.name)?.of;
  if (read === owner || ancestorsOf(needs, owner ?? task.name).has(read)) return [];
  const needer = owner ?? task.name;
  return [
    {
      path,
      message: `reads task "${read}", which "${needer}" does not need`,
      mend: `add ${read} to the needs of ${needer}`,
    },
  ];
};
