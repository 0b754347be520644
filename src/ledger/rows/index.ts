export type { BreakerRow, BreakerScope } from './breaker.js';
export type { CycleRow } from './cycle.js';
export type { EventRow, OutboxRow } from './event.js';
export type { LeaseRow, ObservationRow } from './lease.js';
export type { NodeRow, NodeTiming } from './node.js';
export type { DatedAct, PauseRow } from './pause.js';
export type { ActivationRow, PolicyRow } from './policy.js';
export {
  type DeadlineWatch,
  type ExecutionRow,
  type Loads,
  NO_ORDERS,
  type Orders,
  type Pin,
  type RunRow,
  type SpecRow,
  type TaskWork,
  type WorkRow,
} from './run.js';
export { type Head, HOT, HOT_NAMES, type HotRows, LOG_NAMES, LOGS, type LogRows, snake } from './tables.js';
export type { ResultRow, TaskRow, TaskTerms } from './task.js';
export type { SpendingRow, TenantRow } from './tenant.js';
