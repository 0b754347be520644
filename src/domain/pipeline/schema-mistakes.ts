import type { z } from 'zod';
import { member, schemaAt } from './json-schema.js';
import { gather, type Mistake, type Path } from './mistakes.js';
import { type Pipeline, pipelineSchema, RUN_KINDS } from './schema.js';
import { didYouMean, nearest } from './suggest.js';
import { shown } from './values.js';

type Issue = z.core.$ZodIssue;

/** What the schema finds in a document, in words; or the pipeline with its defaults filled in. */
export const checkSchema = (document: unknown): { pipeline?: Pipeline; mistakes: readonly Mistake[] } => {
  const parsed = pipelineSchema.safeParse(document);
  if (parsed.success) return { pipeline: parsed.data, mistakes: [] };
  const explain = (issue: Issue): readonly Mistake[] => explainIssue(issue, issue.path as Path, document);
  return { mistakes: distinct(gather(parsed.error.issues, explain)) };
};

/** A value's type and its refinement may both object, in the same words. */
const distinct = (mistakes: readonly Mistake[]): readonly Mistake[] => [
  ...new Map(mistakes.map((mistake) => [JSON.stringify([mistake.path, mistake.message]), mistake])).values(),
];

const explainIssue = (issue: Issue, path: Path, document: unknown): readonly Mistake[] => {
  const value = path.reduce<unknown>(member, document);
  if (value === undefined) return [missing(path, document)];
  switch (issue.code) {
    case 'unrecognized_keys':
      return gather(issue.keys, (key) => [unknownKey(key, path, document)]);
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
      return path.at(-1) === 'run' && path.length === 3
        ? explainRun(issue.errors, value, path, document)
        : [unfit(issue, value, path)];
    default:
      return [unfit(issue, value, path)];
  }
};

/** The kind of work decides which of the schema's complaints matter. */
const explainRun = (errors: Issue[][], run: unknown, path: Path, document: unknown): readonly Mistake[] => {
  const kinds = RUN_KINDS.join(', ');
  if (typeof run === 'string')
    return [
      { path, message: `expected a map, got ${shown(run)}`, mend: `write run: { command: ${shown(run)} }` },
    ];
  if (typeof run !== 'object' || run === null || Array.isArray(run)) return [wrongType('object', run, path)];
  const named = RUN_KINDS.filter((kind) => Object.hasOwn(run, kind));
  const [kind] = named;
  if (named.length > 1)
    return [
      {
        path,
        message: `names ${named.length} kinds of work: ${named.join(' and ')}`,
        mend: 'keep one, and make a task of the other',
      },
    ];
  if (kind === undefined) {
    const meant = Object.keys(run).flatMap((key) => nearest(key, RUN_KINDS) ?? [])[0];
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
    return [{ path, message: 'names no kind of work', mend: `give one of ${kinds}${hint}`, at: 'key' }];
  }
  const issues = errors[RUN_KINDS.indexOf(kind)] ?? [];
  return gather(issues, (issue) => explainIssue(issue, [...path, ...(issue.path as Path)], document));
};

const missing = (path: Path, document: unknown): Mistake => {
  const key = String(path.at(-1));
  const help = schemaAt(path, document)?.description;
  return { path, message: `missing "${key}"`, mend: `add ${key}${help ? `: ${uncapitalized(help)}` : ''}` };
};

const unknownKey = (key: string, path: Path, document: unknown): Mistake => {
  const known = Object.keys(schemaAt(path, document)?.properties ?? {});
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

const wrongType = (expected: string, value: unknown, path: Path): Mistake => ({
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
  message: `unknown ${String(path.at(-1))} ${shown(value)}`,
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
  return { path, message: `${shown(value)} is too small`, mend: `give at least ${issue.minimum}` };
};

const uncapitalized = (text: string): string =>
  `${text.charAt(0).toLowerCase()}${text.slice(1).replace(/\.$/, '')}`;
