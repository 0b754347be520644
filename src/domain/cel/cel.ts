import type { Environment } from '@marcbachmann/cel-js';
import { SignalboxError } from '../errors.js';
import { createEnvironment, MAX_EXPRESSION_LENGTH } from './language.js';
import { meter } from './meter.js';
import { type CelNode, type Names, type References, readComparisons, readReferences } from './tree.js';

/** What expressions of one kind may read. */
export interface Scope extends Names {
  /** Declares the names with their types. */
  declare(environment: Environment): void;
  /** What one evaluation may cost, in nodes evaluated and elements handled. */
  readonly maxCost: number;
}

/** An expression that was parsed, checked and metered. */
export interface Compiled {
  readonly references: References;
  /** Evaluates it over a value for each name, made by `toCel`. Throws where it fails or costs too much. */
  readonly run: (values: ReadonlyMap<string, unknown>) => unknown;
}

/** Parsed expressions kept; a document has at most some thousands, most of them alike. */
const MAX_CACHED = 1_000;

/** A compiler of expressions over one scope; see `why` for what it throws. It keeps what it compiled. */
export const createCompiler = (scope: Scope): ((expression: string) => Compiled) => {
  const cache = new Map<string, Compiled>();
  // Made when first needed: importing a scope costs a workflow nothing.
  let environment: Environment | undefined;
  return (expression) => {
    const known = cache.get(expression);
    if (known) return known;
    if (environment === undefined) {
      environment = createEnvironment();
      scope.declare(environment);
    }
    const compiled = compile(expression, environment, scope);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(expression, compiled);
    return compiled;
  };
};

const compile = (expression: string, environment: Environment, scope: Scope): Compiled => {
  if (expression.length > MAX_EXPRESSION_LENGTH)
    throw new SignalboxError('invalid-expression', `it is longer than ${MAX_EXPRESSION_LENGTH} characters`);
  const parsed = environment.parse(expression);
  const tree = parsed.ast as unknown as CelNode;
  const reads = readReferences(tree, scope);
  const { error, type = 'dyn' } = parsed.check();
  if (error) throw error;
  const { measure } = meter(tree, scope.maxCost);
  const compared = readComparisons(tree);
  return { references: { reads, compared, type }, run: (values) => measure(() => parsed(values)) };
};

/** Why an expression could not be compiled or evaluated. The library draws the place under its messages; this is the sentence alone. */
export const why = (cause: unknown): string => {
  if (cause instanceof RangeError) return 'it is nested too deeply';
  const summary = (cause as { summary?: string }).summary ?? (cause as Error).message;
  return summary.replace('Unexpected token: EOF', 'it ends too early').replace(/dyn<(\w+)>/g, '$1');
};
