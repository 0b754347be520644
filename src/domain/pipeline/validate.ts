import type { Mistake } from '../document/mistakes.js';
import { listed, type PlacedProblem, pathText } from '../document/problems.js';
import { readSource } from '../document/source.js';
import { isShallow, MAX_DEPTH } from '../document/values.js';
import type { Problem } from '../errors.js';
import type { JsonValue } from '../json.js';
import { readDraft } from './draft.js';
import { checkExpressions } from './expression-rules.js';
import { checkCount, checkRules } from './rules.js';
import type { Pipeline } from './schema.js';
import { checkSchema } from './schema-mistakes.js';

/** A pipeline, or everything that is wrong with its document, in the order of the text. */
export type ReadPipeline = { readonly pipeline: Pipeline } | { readonly problems: readonly Problem[] };

/** Reads a pipeline document (YAML or JSON). Never throws: every mistake is a problem with line, column, path and mend. */
export const readPipeline = (
  text: string,
): { pipeline: Pipeline } | { problems: readonly PlacedProblem[] } => {
  const source = readSource(text);
  if ('textMistakes' in source)
    return { problems: source.textMistakes.map((mistake) => ({ path: '', ...mistake })) };
  if (source.value === null) return { problems: [EMPTY] };
  const { pipeline, mistakes } = checkDocument(source.value);
  const problems = listed(mistakes, source);
  return pipeline && problems.length === 0 ? { pipeline } : { problems };
};

/** Checks a document that came as a value (the body of a request): the problems have paths, and no places. */
export const checkPipeline = (document: JsonValue): ReadPipeline => {
  if (!isShallow(document)) return { problems: [TOO_DEEP] };
  const { pipeline, mistakes } = checkDocument(document);
  if (pipeline && mistakes.length === 0) return { pipeline };
  return { problems: mistakes.map(({ path, message, mend }) => ({ path: pathText(path), message, mend })) };
};

const EMPTY: PlacedProblem = {
  ...{ line: 1, column: 1, path: '' },
  ...{ message: 'the document is empty', mend: 'begin with apiVersion: signalbox/v1, a name and tasks' },
};

const TOO_DEEP: Problem = { path: '', message: `nested more than ${MAX_DEPTH} deep`, mend: 'flatten it' };

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
