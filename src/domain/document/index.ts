export { type JsonSchema, member } from './json-schema.js';
export type { Mistake, Path } from './mistakes.js';
export { formatProblems, listed, type PlacedProblem } from './problems.js';
export { explainIssues } from './schema-mistakes.js';
export { readSource } from './source.js';
export { didYouMean } from './suggest.js';
export { shown } from './values.js';
