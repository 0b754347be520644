export { type QueueKey, queueOrder } from './order.js';
export { plan } from './plan.js';
export { type Policy, readPolicy } from './policy.js';
export { type ExpectedTask, forecastRun } from './run-forecast.js';
export type { Deferral, Grant, Overtaken, Plan, PoolSnapshot, Snapshot, WaitingTask } from './snapshot.js';
export { amountOf, count, listing, span } from './words.js';
