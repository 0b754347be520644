import type { Problem } from '../errors.js';
import type { JsonValue } from '../json.js';
import { readDraft } from './draft.js';
import { checkExpressions } from './expression-rules.js';
import { MAX_MISTAKES, type Mistake, type Path } from './mistakes.js';
import { checkCount, checkRules } from './rules.js';
import type { Pipeline } from './schema.js';
import { checkSchema } from './schema-mistakes.js';
import { readSource, type Source } from './source.js';
import { isShallow, MAX_DEPTH } from './values.js';

/** A pipeline, or everything that is wrong with its document, in the order of the text. */
export type ReadPipeline = { readonly pipeline: Pipeline } | { readonly problems: readonly Problem[] };

/** A problem of a text: always with its place. */
export interface PlacedProblem extends Problem {
  readonly line: number;
  readonly column: number;
}

/** Reads a pipeline document (YAML or JSON). Never throws: every mistake is a problem with line, column, path and mend. */
export const readPipeline = (
  text: string,
): { pipeline: Pipeline } | { problems: readonly PlacedProblem[] } => {
  const source = readSource(text);
  if ('textMistakes' in source)
    return { problems: source.textMistakes.map((mistake) => ({ path: '', ...mistake })) };
  if (source.value === null) return { problems: [EMPTY] };
  const { pipeline, mistakes } = checkDocument(source.value);
  const isUnread = unreadPaths(source.mistakes);
  const all = [...source.mistakes, ...mistakes.filter(({ path }) => !isUnread(path))];
  return pipeline && all.length === 0 ? { pipeline } : { problems: listed(all, source) };
};

/** Checks a document that came as a value (the body of a request): the problems have paths, and no places. */
export const checkPipeline = (document: JsonValue): ReadPipeline => {
  if (!isShallow(document)) return { problems: [TOO_DEEP] };
  const { pipeline, mistakes } = checkDocument(document);
  if (pipeline && mistakes.length === 0) return { pipeline };
  return { problems: mistakes.map(({ path, message, mend }) => ({ path: pathText(path), message, mend })) };
};

/** One line a problem, as compilers print them: `pipeline.yaml:12:9 tasks.train.pool: unknown pool "gpux" — use one of …`. */
export const formatProblems = (file: string, problems: readonly Problem[]): string =>
  problems
    .map(({ line, column, path, message, mend }) => {
      const place = [file, line, column].filter((part) => part !== undefined).join(':');
      return `${place} ${path === '' ? '' : `${path}: `}${message} — ${mend}`;
    })
    .join('\n');

const EMPTY: PlacedProblem = {
  ...{ line: 1, column: 1, path: '' },
  ...{ message: 'the document is empty', mend: 'begin with apiVersion: signalbox/v1, a name and tasks' },
};

const TOO_DEEP: Problem = { path: '', message: `nested more than ${MAX_DEPTH} deep`, mend: 'flatten it' };

/** What could not be read stands as null in the value; only the first mistake about it counts. */
const unreadPaths = (mistakes: readonly Mistake[]): ((path: Path) => boolean) => {
  const unread = new Set(mistakes.filter(({ place }) => !place).map(({ path }) => JSON.stringify(path)));
  return (path) =>
    unread.size > 0 && [...path, ''].some((_, length) => unread.has(JSON.stringify(path.slice(0, length))));
};

const checkDocument = (document: JsonValue): { pipeline?: Pipeline; mistakes: readonly Mistake[] } => {
  const { pipeline, mistakes } = checkSchema(document);
  const draft = readDraft(document);
  const count = checkCount(draft, document);
  const all = [
    ...mistakes,
    ...count,
    ...(count.length > 0 ? [] : [...checkRules(draft), ...checkExpressions(draft)]),
  ];
  return pipeline ? { pipeline, mistakes: all } : { mistakes: all };
};

const listed = (mistakes: readonly Mistake[], source: Source): readonly PlacedProblem[] => {
  const placed = mistakes
    .map(({ path, message, mend, at, place }) => ({
      ...(place ?? source.place(path, at)),
      path: pathText(path),
      message,
      mend,
    }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
  const last = placed[MAX_MISTAKES];
  if (last === undefined) return placed;
  const rest = { message: 'there are more mistakes than are listed', mend: 'mend these, and validate again' };
  return [...placed.slice(0, MAX_MISTAKES), { ...last, path: '', ...rest }];
};

/** `tasks.train.needs[0]`; keys that are no plain words in quotes. */
const pathText = (path: Path): string => {
  const text = path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!/^[\w-]{1,64}$/.test(key)) return `[${JSON.stringify(key.slice(0, 64))}]`;
      return i === 0 ? key : `.${key}`;
    })
    .join('');
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
};
