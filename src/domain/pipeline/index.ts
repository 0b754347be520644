export { pipelineJsonSchema } from './json-schema.js';
export * from './parameters.js';
export * from './runtime.js';
export * from './schema.js';
export * from './validate.js';
