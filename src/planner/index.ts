export { Cluster, type Held, type Place, poolsOf, type WaitingTask } from './cluster/index.js';
export { amountOf, count, listing, span } from './cycle/words.js';
export type { Deferral, Grant, Overtaken, Plan, Preemption } from './decisions.js';
export { PoolLoad, rankFor } from './load/load.js';
export { plan, type Scope } from './plan.js';
export { type Policy, readPolicy } from './policy/read.js';
export { type ExpectedTask, forecastRun } from './run-forecast.js';
