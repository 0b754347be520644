import type { z } from 'zod';
import { type JsonSchema, member, schemaAt } from './json-schema.js';
import { gather, type Mistake, type Path } from './mistakes.js';
import { didYouMean, nearest } from './suggest.js';
import { shown } from './values.js';

export type Issue = z.core.$ZodIssue;
type Union = Extract<Issue, { code: 'invalid_union' }>;

/** A document that broke its schema, with what its messages are made from. */
export interface Broken {
  readonly document: unknown;
  readonly schema: JsonSchema;
  /** Explains a value that fits none of the alternatives at its place; undefined where their common message will do. */
  readonly union?: (issue: Union, path: Path, broken: Broken) => readonly Mistake[] | undefined;
}

/** What a schema finds in a document, in words. */
export const explainIssues = (
  issues: readonly Issue[],
  broken: Broken,
  from: Path = [],
): readonly Mistake[] =>
  distinct(gather(issues, (issue) => explainIssue(issue, [...from, ...(issue.path as Path)], broken)));

/** A value's type and its refinement may both object, in the same words. */
const distinct = (mistakes: readonly Mistake[]): readonly Mistake[] => [
  ...new Map(mistakes.map((mistake) => [JSON.stringify([mistake.path, mistake.message]), mistake])).values(),
];

const explainIssue = (issue: Issue, path: Path, broken: Broken): readonly Mistake[] => {
  const value = path.reduce<unknown>(member, broken.document);
  if (value === undefined) return [missing(path, broken)];
  switch (issue.code) {
    case 'unrecognized_keys':
      return gather(issue.keys, (key) => [unknownKey(key, path, broken)]);
    case 'invalid_type':
      return [wrongType(issue.expected, value, path)];
    case 'invalid_value':
      return [notOneOf(issue.values.map(String), value, path)];
    case 'too_small':
      return [tooSmall(issue, value, path)];
    case 'too_big':
      return [{ path, message: `${shown(value)} is too large`, mend: `give at most ${issue.maximum}` }];
    case 'invalid_key':
      return [badName(String(path.at(-1)), issue.issues[0]?.message ?? '', path)];
    case 'invalid_union':
      return broken.union?.(issue, path, broken) ?? [unfit(issue, value, path)];
    default:
      return [unfit(issue, value, path)];
  }
};

const missing = (path: Path, { schema, document }: Broken): Mistake => {
  const key = String(path.at(-1));
  const help = schemaAt(schema, path, document)?.description;
  return { path, message: `missing "${key}"`, mend: `add ${key}${help ? `: ${uncapitalized(help)}` : ''}` };
};

const unknownKey = (key: string, path: Path, { schema, document }: Broken): Mistake => {
  const known = Object.keys(schemaAt(schema, path, document)?.properties ?? {});
  const meant = nearest(key, known);
  const mend = meant === undefined ? `remove it; known here: ${known.join(', ')}` : `did you mean ${meant}?`;
  return { path: [...path, key], message: `unknown key "${key}"`, mend, at: 'key' };
};

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** A value of another type than its place takes. */
export const wrongType = (expected: string, value: unknown, path: Path): Mistake => ({
  path,
  message: `expected ${TYPES[expected] ?? expected}, got ${shown(value)}`,
  mend: wrongTypeMend(expected, value),
});

const wrongTypeMend = (expected: string, value: unknown): string => {
  const isScalar = typeof value !== 'object';
  if (expected === 'array' && isScalar) return `write [${String(value)}]`;
  if (expected === 'string' && isScalar) return `put it in quotes: "${String(value)}"`;
  return `give ${TYPES[expected] ?? expected}`;
};

const notOneOf = (values: readonly string[], value: unknown, path: Path): Mistake => ({
  path,
  message: `unknown ${String(path.findLast((key) => typeof key === 'string'))} ${shown(value)}`,
  mend:
    values.length === 1
      ? `write ${values[0]}`
      : `use one of ${values.join(', ')}${typeof value === 'string' ? didYouMean(value, values) : ''}`,
});

const badName = (name: string, rule: string, path: Path): Mistake => ({
  path,
  message: `"${name}" cannot be a name here`,
  mend: `use ${rule}`,
  at: 'key',
});

/** The schema's own messages say what would fit. */
const unfit = (issue: Issue, value: unknown, path: Path): Mistake =>
  issue.code === 'invalid_format' && !issue.message.startsWith('a ')
    ? { path, message: `${shown(value)} cannot be a name here`, mend: `use ${issue.message}` }
    : {
        path,
        message: `${shown(value)} is not ${issue.message.split(/,| such as/)[0]}`,
        mend: `give ${issue.message}`,
      };

const tooSmall = (issue: Extract<Issue, { code: 'too_small' }>, value: unknown, path: Path): Mistake => {
  if (issue.origin === 'string')
    return { path, message: 'the text is empty', mend: 'give at least one character' };
  if (issue.origin === 'array')
    return { path, message: 'the list is empty', mend: 'give at least one element' };
  return {
    path,
    message: `${shown(value)} is too small`,
    mend: `give ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`,
  };
};

const uncapitalized = (text: string): string =>
  `${text.charAt(0).toLowerCase()}${text.slice(1).replace(/\.$/, '')}`;
