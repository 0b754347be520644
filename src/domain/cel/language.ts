import { Environment } from '@marcbachmann/cel-js';
import { MAX_DEPTH } from '../document/values.js';
import { SignalboxError } from '../errors.js';
import type { JsonValue } from '../json.js';
import { MAX_ITEMS } from '../run.js';

/** The functions of the language. CEL's time, bytes, `matches` and `bind` are left out: no JSON, or no bound on their cost. */
export const FUNCTIONS = ['size', 'string', 'int', 'double', 'bool', 'dyn', 'has', 'range'] as const;
/** The methods of texts and lists, macros included. */
export const METHODS = [
  ...['size', 'contains', 'startsWith', 'endsWith', 'lowerAscii', 'upperAscii', 'trim'],
  ...['split', 'join', 'indexOf', 'lastIndexOf', 'substring'],
  ...['map', 'filter', 'all', 'exists', 'exists_one'],
] as const;

/** The longest expression, in characters; the parser's own limits keep its tree small. */
export const MAX_EXPRESSION_LENGTH = 2_000;
const LIMITS = { maxDepth: 32, maxAstNodes: 1_000, maxListElements: 200, maxMapEntries: 100 };

const failure = (why: string) => new SignalboxError('invalid-expression', why);

type Arithmetic = (a: number, b: number) => number;
const ARITHMETIC: Readonly<Record<string, Arithmetic>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
};

/**
 * CEL as this project speaks it. Numbers from outside are doubles, as in JSON, so that `params.n / 2` does not depend on
 * whether n happens to be whole; literals like `2` are CEL ints, and the two mix: CEL itself has no `double + int`.
 */
export const createEnvironment = (): Environment => {
  const env = new Environment({ homogeneousAggregateLiterals: false, limits: LIMITS });
  for (const [op, compute] of Object.entries(ARITHMETIC)) {
    const mixed = (a: number | bigint, b: number | bigint) => compute(Number(a), Number(b));
    env.registerOperator(`int ${op} double: double`, mixed);
    env.registerOperator(`double ${op} int: double`, mixed);
  }
  env.registerOperator('double % double: double', ARITHMETIC['%'] as Arithmetic);
  env.registerFunction('string.substring(double): string', (text: string, from: number) =>
    substring(text, from, text.length),
  );
  for (const types of ['double, double', 'int, double', 'double, int'])
    env.registerFunction(
      `string.substring(${types}): string`,
      (text: string, from: number | bigint, to: number | bigint) => substring(text, Number(from), Number(to)),
    );
  for (const type of ['int', 'double']) env.registerFunction(`range(${type}): list<int>`, range);
  return env;
};

const substring = (text: string, from: number, to: number): string => {
  if (from < 0 || to < from || to > text.length) throw failure('substring() beyond the end of the text');
  return text.substring(from, to);
};

const range = (count: number | bigint): bigint[] => {
  if (Number(count) < 0 || Number(count) > MAX_ITEMS) throw failure(`range() takes 0 to ${MAX_ITEMS}`);
  return Array.from({ length: Number(count) }, (_, i) => BigInt(i));
};

/** A JSON value (undefined members left out) as CEL sees it. Objects become Maps, so that keys like `constructor` are keys and nothing more. */
export const toCel = (value: unknown, depth = 0): unknown => {
  if (depth > MAX_DEPTH) throw failure(`a value is nested more than ${MAX_DEPTH} deep`);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => toCel(element, depth + 1));
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return new Map(members.map(([key, member]) => [key, toCel(member, depth + 1)]));
};

/** A CEL result as plain JSON. Throws where JSON has no word for it: a type, an infinite or an inexact number. */
export const fromCel = (value: unknown): JsonValue => {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return plainNumber(value);
  if (Array.isArray(value)) return value.map(fromCel);
  if (value instanceof Map) return record([...value]);
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return record(Object.entries(value));
  throw failure('the result is not a JSON value');
};

const record = (entries: [unknown, unknown][]): JsonValue =>
  Object.fromEntries(entries.map(([key, member]) => [String(key), fromCel(member)]));

const plainNumber = (value: number | bigint): number => {
  const number = Number(value);
  if (!Number.isFinite(number)) throw failure('the result is not a finite number (a division by zero?)');
  if (typeof value === 'bigint' && !Number.isSafeInteger(number))
    throw failure(`the whole number ${value} is too large to be exact`);
  return number === 0 ? 0 : number;
};
