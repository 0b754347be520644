/**
 * The door for workflow code, which Temporal bundles and loads for each workflow: what a run needs of its document, without the
 * YAML parser and the schema. Everything here is deterministic.
 */
export * from './expressions.js';
