import type {
  Features,
  Forecast,
  JsonValue,
  LeaseId,
  NodeId,
  Option,
  Placement,
  PriorityClass,
  ReadyTask,
  ResourceRequest,
  RunId,
  TaskError,
  TaskKey,
  Usage,
  Verdict,
} from '../../domain/index.js';
import type { Held } from '../../planner/index.js';
import type { AttemptState } from '../contract.js';
import type { Columns, HotColumns } from './columns.js';

/** What a task asks beyond an amount of hardware, and what the policy made of it when it became ready. */
export interface TaskTerms {
  /** What the task itself asks, before any rule. */
  readonly asked: Pick<ReadyTask, 'request' | 'options' | 'placement'>;
  readonly options: readonly [Option, ...Option[]];
  readonly placement: Placement;
  /** When it may not start whatever is free. */
  readonly holds: readonly Held[];
  /** The policy's rules that matched, and the class that they gave it; null where they gave none. */
  readonly rules: readonly string[];
  readonly priorityClass: PriorityClass | null;
}

/** The newest state of one attempt of a task. */
export interface TaskRow {
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly workflowId: string;
  readonly epoch: number;
  readonly state: AttemptState;
  readonly revision: number;
  readonly arrival: number;
  readonly priorityClass: PriorityClass;
  readonly paused: boolean;
  readonly request: ResourceRequest;
  /** Null where it asks for `request` alone, and no rule of the policy is for it. */
  readonly terms: TaskTerms | null;
  readonly features: Features;
  readonly estimateSeconds: number | null;
  readonly forecast: Forecast;
  /** How long it is taken to run: its P50, or what siblings that outrun theirs speak for. Null of old rows: the P50. */
  readonly takenSeconds: number | null;
  /** Work of earlier attempts that is kept; once it has ended, its own included. */
  readonly doneSeconds: number;
  /** Work of earlier attempts that had to be done again; once it has ended, its own included. */
  readonly lostSeconds: number;
  /** Earlier attempts that gave way. */
  readonly preemptions: number;
  /** Others give way for it. */
  readonly promised: boolean;
  /** What its next attempts ask for at least: an attempt ran out of memory, or was about to. */
  readonly moreMemoryBytes: number | null;
  readonly cacheHash: string | null;
  readonly suspectNodes: readonly NodeId[];
  readonly verdict: Verdict;
  readonly leaseId: LeaseId | null;
  readonly nodeId: NodeId | null;
  readonly taskQueue: string | null;
  readonly readyAtMs: number;
  readonly grantedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly outputs: Readonly<Record<string, JsonValue>>;
  readonly error: TaskError | null;
  readonly usage: Usage | null;
}

/** A result that other runs may use again. */
export interface ResultRow {
  readonly hash: string;
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly outputs: Readonly<Record<string, JsonValue>>;
  readonly storedAtMs: number;
}

export const TASKS: HotColumns<TaskRow> = {
  key: ['runId', 'taskKey', 'attempt'],
  columns: {
    runId: 'text',
    taskKey: 'text',
    attempt: 'integer',
    workflowId: 'text',
    epoch: 'integer',
    state: 'text',
    revision: 'integer',
    arrival: 'bigint',
    priorityClass: 'text',
    paused: 'boolean',
    request: 'jsonb',
    terms: 'jsonb',
    features: 'jsonb',
    estimateSeconds: 'double precision',
    forecast: 'jsonb',
    takenSeconds: 'double precision',
    doneSeconds: 'double precision',
    lostSeconds: 'double precision',
    preemptions: 'integer',
    promised: 'boolean',
    moreMemoryBytes: 'bigint',
    cacheHash: 'text',
    suspectNodes: 'jsonb',
    verdict: 'jsonb',
    leaseId: 'text',
    nodeId: 'text',
    taskQueue: 'text',
    readyAtMs: 'bigint',
    grantedAtMs: 'bigint',
    startedAtMs: 'bigint',
    endedAtMs: 'bigint',
    outputs: 'jsonb',
    error: 'jsonb',
    usage: 'jsonb',
  },
};

export const RESULTS: Columns<ResultRow> = {
  hash: 'text',
  runId: 'text',
  taskKey: 'text',
  outputs: 'jsonb',
  storedAtMs: 'bigint',
};
