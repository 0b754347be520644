export * from './expressions.js';
export * from './schema.js';
