export { type Compiled, createCompiler, type Scope, why } from './cel.js';
export { fromCel, toCel } from './language.js';
export { TooCostly } from './meter.js';
export type { References } from './tree.js';
