import { BREAKERS, type BreakerRow } from './breaker.js';
import type { Columns, HotColumns } from './columns.js';
import { CYCLES, type CycleRow } from './cycle.js';
import { EVENTS, type EventRow, OUTBOX, type OutboxRow } from './event.js';
import { LEASES, type LeaseRow, OBSERVATIONS, type ObservationRow } from './lease.js';
import { NODES, type NodeRow } from './node.js';
import { PAUSES, type PauseRow } from './pause.js';
import { ACTIVATIONS, type ActivationRow, POLICIES, type PolicyRow } from './policy.js';
import {
  EXECUTIONS,
  type ExecutionRow,
  type Loads,
  RUNS,
  type RunRow,
  SPECS,
  type SpecRow,
  WORKS,
  type WorkRow,
} from './run.js';
import { RESULTS, type ResultRow, TASKS, type TaskRow } from './task.js';
import { SPENDING, type SpendingRow, TENANTS, type TenantRow } from './tenant.js';

/** The head: its row lock is the planner's lock, its version names the state, its counters number what is ordered. */
export interface Head {
  readonly version: number;
  readonly events: number;
  readonly fencing: number;
  readonly arrivals: number;
  /** The same for every process, over any restart. */
  readonly loads: Loads;
  /** The policy in force; empty before the first. */
  readonly policyVersion: string;
}

/** The tables whose current rows have an image in the process. */
export interface HotRows {
  runs: RunRow;
  works: WorkRow;
  tenants: TenantRow;
  spending: SpendingRow;
  executions: ExecutionRow;
  tasks: TaskRow;
  leases: LeaseRow;
  nodes: NodeRow;
  breakers: BreakerRow;
  pauses: PauseRow;
}

/** The tables that are only added to. */
export interface LogRows {
  specs: SpecRow;
  events: EventRow;
  observations: ObservationRow;
  results: ResultRow;
  outbox: OutboxRow;
  policies: PolicyRow;
  activations: ActivationRow;
  cycles: CycleRow;
}

/** The hot tables: their keys, and the columns that a commit writes, each row with the head's version. */
export const HOT: { readonly [Table in keyof HotRows]: HotColumns<HotRows[Table]> } = {
  runs: RUNS,
  works: WORKS,
  tenants: TENANTS,
  spending: SPENDING,
  executions: EXECUTIONS,
  tasks: TASKS,
  leases: LEASES,
  nodes: NODES,
  breakers: BREAKERS,
  pauses: PAUSES,
};

/** The tables that are only added to, in the columns that a commit writes. */
export const LOGS: { readonly [Table in keyof LogRows]: Columns<LogRows[Table]> } = {
  specs: SPECS,
  events: EVENTS,
  observations: OBSERVATIONS,
  results: RESULTS,
  outbox: OUTBOX,
  policies: POLICIES,
  activations: ACTIVATIONS,
  cycles: CYCLES,
};

export const HOT_NAMES = Object.keys(HOT) as (keyof HotRows)[];
export const LOG_NAMES = Object.keys(LOGS) as (keyof LogRows)[];

/** A column's name in the database: `runId` is `run_id`. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
