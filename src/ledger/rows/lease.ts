import type {
  Features,
  Forecast,
  LeaseId,
  LeaseState,
  NodeId,
  Outcome,
  Pool,
  Resources,
  RunId,
  TaskKey,
} from '../../domain/index.js';
import type { Columns, HotColumns } from './columns.js';

/** A lease; `released` ones stay as history. */
export interface LeaseRow {
  readonly leaseId: LeaseId;
  readonly fencing: number;
  readonly pool: Pool;
  readonly nodeId: NodeId | null;
  readonly incarnation: number;
  readonly devices: readonly number[];
  readonly resources: Resources;
  readonly taskQueue: string;
  readonly state: LeaseState;
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly workflowId: string;
  readonly grantedAtMs: number;
  readonly expectedEndP50Ms: number;
  readonly expectedEndP90Ms: number;
  readonly releasedAtMs: number | null;
  /** Null of old rows. */
  readonly tenant: string | null;
  /** The waiting attempt that gets what it frees, and since when it gives way. */
  readonly givesWayTo: string | null;
  readonly preemptingAtMs: number | null;
  /** When the newest work was done that a checkpoint keeps. */
  readonly checkpointAtMs: number | null;
  /** How much of its unkept work it is expected to lose if it gives way, as known at the grant: from 0 to 1. */
  readonly lossShare: number;
  /** Since when its task has been about to need more memory than it holds. */
  readonly memoryPressureAtMs: number | null;
  /** Its task was overdue when it was granted. */
  readonly overdue: boolean;
  /** What it costs, by the prices at its grant; 0 of old rows. */
  readonly microUsdPerHour: number;
  /** What was reserved for it at its grant: its cost at P90. */
  readonly reservedMicroUsd: number;
  /** What is counted for it beyond that, since it has outrun its P90. */
  readonly overrunMicroUsd: number;
}

/** One settled attempt, what forecasts learn from. Each lease settles at most once. */
export interface ObservationRow {
  readonly number: number;
  readonly leaseId: LeaseId;
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly pipeline: string;
  readonly task: string;
  readonly pool: Pool;
  readonly tenant: string;
  readonly features: Features;
  readonly estimateSeconds: number | null;
  readonly outcome: Outcome;
  readonly runtimeSeconds: number;
  readonly peakMemoryBytes: number | null;
  readonly cpuSeconds: number | null;
  readonly lostSeconds: number | null;
  /** Of one that gave way: work that no checkpoint was known to keep. */
  readonly unsafeSeconds: number | null;
  readonly endedAtMs: number;
  /** The forecast that the task was placed by, so that forecasts can be judged. */
  readonly forecast: Forecast;
}

export const LEASES: HotColumns<LeaseRow> = {
  key: ['leaseId'],
  columns: {
    leaseId: 'text',
    fencing: 'bigint',
    pool: 'text',
    nodeId: 'text',
    incarnation: 'integer',
    devices: 'jsonb',
    resources: 'jsonb',
    taskQueue: 'text',
    state: 'text',
    runId: 'text',
    taskKey: 'text',
    attempt: 'integer',
    workflowId: 'text',
    grantedAtMs: 'bigint',
    expectedEndP50Ms: 'bigint',
    expectedEndP90Ms: 'bigint',
    releasedAtMs: 'bigint',
    tenant: 'text',
    givesWayTo: 'text',
    preemptingAtMs: 'bigint',
    checkpointAtMs: 'bigint',
    lossShare: 'double precision',
    memoryPressureAtMs: 'bigint',
    overdue: 'boolean',
    microUsdPerHour: 'bigint',
    reservedMicroUsd: 'bigint',
    overrunMicroUsd: 'bigint',
  },
};

export const OBSERVATIONS: Columns<ObservationRow> = {
  number: 'bigint',
  leaseId: 'text',
  runId: 'text',
  taskKey: 'text',
  attempt: 'integer',
  pipeline: 'text',
  task: 'text',
  pool: 'text',
  tenant: 'text',
  features: 'jsonb',
  estimateSeconds: 'double precision',
  outcome: 'text',
  runtimeSeconds: 'double precision',
  peakMemoryBytes: 'double precision',
  cpuSeconds: 'double precision',
  lostSeconds: 'double precision',
  unsafeSeconds: 'double precision',
  endedAtMs: 'bigint',
  forecast: 'jsonb',
};
