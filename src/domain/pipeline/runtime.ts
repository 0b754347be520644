/**
 * The door for workflow code, which Temporal bundles and loads for each workflow: what a run needs of its document, without the
 * YAML parser and the schema. Everything here is deterministic.
 */
export * from './amounts.js';
export * from './endpoints.js';
export * from './expressions.js';
export * from './graph.js';
export * from './request.js';
export type { Pipeline, Task } from './schema.js';
export * from './task-run.js';
