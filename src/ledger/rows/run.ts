import type {
  NodeId,
  Pool,
  PriorityClass,
  RunForecast,
  RunId,
  RunStatus,
  TaskError,
} from '../../domain/index.js';
import type { LoadNumbers } from '../../planner/index.js';
import type { Columns, HotColumns } from './columns.js';
import type { DatedAct } from './pause.js';

/** A run. Its document lies in `specs`, so that a change of state does not write it again. */
export interface RunRow {
  readonly runId: RunId;
  readonly pipeline: string;
  readonly tenant: string;
  readonly priorityClass: PriorityClass;
  readonly status: RunStatus;
  readonly paused: boolean;
  readonly deadlineAtMs: number | null;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  readonly error: TaskError | null;
  readonly forecast: RunForecast;
  /** How it stands with its deadline; null without one, and of old rows. */
  readonly outlook: DeadlineWatch | null;
  readonly idempotencyKey: string | null;
  /** Of what was asked for, to tell a repeated request from another one under the same key. */
  readonly specHash: string;
  /** Null until a person orders something. */
  readonly orders: Orders | null;
}

/** What people have ordered of a run and of its tasks; it outlives the workflow's executions. */
export interface Orders {
  /** As last asked of the workflow. */
  readonly paused?: boolean;
  readonly priorityClass?: PriorityClass;
  /** In place of the deadline that it was submitted with; null: none. */
  readonly deadlineAtMs?: number | null;
  /** By a task's name, for all its items, or by an item's key. */
  readonly holds: Readonly<Record<string, DatedAct>>;
  readonly pins: Readonly<Record<string, Pin>>;
}

export const NO_ORDERS: Orders = { holds: {}, pins: {} };

/** The only node that a task may go to, and its pool. */
export interface Pin extends DatedAct {
  readonly nodeId: NodeId;
  readonly pool: Pool;
}

/** What is expected of an open run with a deadline, as of the latest change worth writing down. */
export interface DeadlineWatch extends RunForecast {
  readonly atMs: number;
  /** The class that the policy has raised it to, once. */
  readonly raisedTo: PriorityClass | null;
}

/**
 * What a run was forecast to be when it arrived: what it is made of, and what its place in the queues follows from under whichever
 * policy is in force. Written once.
 */
export interface WorkRow {
  readonly runId: RunId;
  /** How loaded the pools were, this run included. */
  readonly loads: Loads;
  /** How long before its deadline it must have started: its longest path at P90. */
  readonly leadSeconds: number;
  readonly tasks: Readonly<Record<string, TaskWork>>;
}

/** One task of a run as forecast: what each of its items takes, and the longest path from its start to the run's end. */
export interface TaskWork {
  readonly pool: Pool;
  readonly items: number;
  readonly deviceSeconds: number;
  readonly pathSeconds: number;
}

/** How loaded each pool is; a pool that had no work yet is not named. */
export type Loads = Readonly<Partial<Record<Pool, LoadNumbers>>>;

/** One execution of a workflow that asked. The newest of a workflow (highest `ordinal`) is the one that may ask. */
export interface ExecutionRow {
  readonly workflowId: string;
  readonly executionId: string;
  readonly runId: RunId;
  /** Counts resets: a continuation shares its predecessor's epoch. */
  readonly epoch: number;
  readonly ordinal: number;
  /** What the workflow last said of itself; its waiting tasks carry the same. */
  readonly priorityClass: PriorityClass;
  readonly paused: boolean;
  /** It has ended, so that it holds and awaits nothing. */
  readonly closed: boolean;
}

/** What a run was started with: the `RunSpec` as JSON text, for `jsonb` would forget the order of a document's tasks. */
export interface SpecRow {
  readonly runId: RunId;
  readonly spec: string;
}

export const RUNS: HotColumns<RunRow> = {
  key: ['runId'],
  columns: {
    runId: 'text',
    pipeline: 'text',
    tenant: 'text',
    priorityClass: 'text',
    status: 'text',
    paused: 'boolean',
    deadlineAtMs: 'bigint',
    createdAtMs: 'bigint',
    endedAtMs: 'bigint',
    error: 'jsonb',
    forecast: 'jsonb',
    outlook: 'jsonb',
    idempotencyKey: 'text',
    specHash: 'text',
    orders: 'jsonb',
  },
};

export const WORKS: HotColumns<WorkRow> = {
  key: ['runId'],
  columns: { runId: 'text', loads: 'jsonb', leadSeconds: 'double precision', tasks: 'jsonb' },
};

export const EXECUTIONS: HotColumns<ExecutionRow> = {
  key: ['workflowId', 'executionId'],
  columns: {
    workflowId: 'text',
    executionId: 'text',
    runId: 'text',
    epoch: 'integer',
    ordinal: 'bigint',
    priorityClass: 'text',
    paused: 'boolean',
    closed: 'boolean',
  },
};

export const SPECS: Columns<SpecRow> = { runId: 'text', spec: 'text' };
