import type { Granted, Revoked, Verdict } from './decision.js';
import type { RunId, TaskKey } from './ids.js';
import type { FileRef, JsonValue } from './json.js';
import type { Pipeline } from './pipeline/schema.js';
import type { Pool, PriorityClass } from './resources.js';

/** The workflow's name and queue, as they stand in Temporal. */
export const PIPELINE_WORKFLOW = 'pipeline';
export const CONTROL_QUEUE = 'signalbox-control';

/** Custom search attributes, all of type Keyword. */
export const SEARCH_ATTRIBUTES = {
  pipeline: 'SignalboxPipeline',
  tenant: 'SignalboxTenant',
  priorityClass: 'SignalboxPriorityClass',
  phase: 'SignalboxPhase',
} as const;

export const RUN_STATUSES = ['running', 'succeeded', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** What a run is started with. */
export interface RunSpec {
  readonly runId: RunId;
  readonly pipeline: Pipeline;
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly priorityClass: PriorityClass;
  readonly tenant: string;
  readonly deadlineAtMs?: number;
}

/** Signals of the pipeline workflow, by name, with their argument. */
export interface PipelineSignals {
  /** A verdict that came between turns: a grant for a waiting task, or a lease that is gone. */
  grant: Granted;
  revoke: Revoked;
  preempt: PreemptSignal;
  cancel: { readonly reason: string };
  pause: Ordered;
  resume: Ordered;
  setPriority: Ordered & { readonly priorityClass: PriorityClass };
}

/**
 * What somebody orders, by the number of its event: signals may overtake each other, and the last order counts. One given in
 * Temporal's Web UI has none, and counts when it comes.
 */
export interface Ordered {
  readonly reason: string;
  readonly number?: number;
}

/** Asks a running attempt to make room: idempotent by lease and fencing number. */
export interface PreemptSignal {
  readonly leaseId: string;
  readonly fencing: number;
  readonly reason: string;
}

/** The states of a task within a run. */
export const TASK_STATES = [
  'pending',
  'waiting',
  'running',
  'backing-off',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** The answer of the workflow's `state` query. */
export interface RunState {
  readonly status: RunStatus;
  readonly phase: string;
  readonly paused: boolean;
  readonly priorityClass: PriorityClass;
  readonly tasks: readonly TaskView[];
}

/** One task of a run as seen from outside. */
export interface TaskView {
  readonly taskKey: TaskKey;
  readonly state: TaskState;
  readonly attempt: number;
  readonly verdict: Verdict | null;
  readonly outputs: Readonly<Record<string, JsonValue | FileRef>>;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** Inline outputs: a task's and a run's limits; larger values go to the workspace by reference. */
export const MAX_TASK_OUTPUT_BYTES = 8 * 1024;
export const MAX_RUN_OUTPUT_BYTES = 256 * 1024;
/** What an attempt is told to run, its expressions filled in: well within the 2 MB that Temporal takes as an argument. */
export const MAX_TASK_RUN_BYTES = 256 * 1024;
/** A run's document, its defaults filled in, with its parameters: it must leave room for the run's progress within 2 MB. */
export const MAX_SPEC_BYTES = 1024 * 1024;
/** The most items that one fan-out may have. */
export const MAX_ITEMS = 10_000;
/** A fan-out above this runs as child workflows. */
export const MAX_INLINE_ITEMS = 200;
/** The most tasks that one document may name. */
export const MAX_TASKS = 3_000;

/** Whether a deadline holds; `missed`: it has passed, and the run goes on. */
export const DEADLINE_VERDICTS = ['none', 'feasible', 'at-risk', 'infeasible', 'missed'] as const;
export type DeadlineVerdict = (typeof DEADLINE_VERDICTS)[number];

/** When a run would start and finish as things stand, at P50 and P90, and whether its deadline holds. */
export interface RunOutlook {
  readonly startAtMs: { readonly p50: number; readonly p90: number };
  readonly finishAtMs: { readonly p50: number; readonly p90: number };
  readonly deadline: DeadlineVerdict;
  /** By the policy's pool prices, in micro-dollars; 0 where it names none. */
  readonly costMicroUsd: { readonly p50: number; readonly p90: number };
  /** What its tasks would wait for, in words: a few. */
  readonly inTheWay: readonly string[];
}

/** The same with what could be otherwise, where a deadline is not safe: given at submission, and when the verdict changes. */
export interface RunForecast extends RunOutlook {
  readonly offers: readonly Offer[];
  /** Sentences on what its tenant's budget or quota will not let pass; absent of old runs. */
  readonly warnings?: readonly string[];
}

/** One way to a run's deadline, or to another one, and what comes of it. The first of a list is always the run as it stands. */
export interface Offer {
  readonly change: OfferedChange;
  readonly finishAtMs: { readonly p50: number; readonly p90: number };
  readonly deadline: DeadlineVerdict;
  /** What it costs more than the run as it stands, at P50; less than 0 where it costs less. */
  readonly extraMicroUsd: number;
  /** Without its time: "with priority high", "on pool gpu for 3.10 USD more". */
  readonly words: string;
}

/** What an offer changes. */
export type OfferedChange =
  | { readonly kind: 'none' }
  | { readonly kind: 'deadline'; readonly deadlineAtMs: number }
  | { readonly kind: 'place'; readonly pool: Pool }
  | { readonly kind: 'priority'; readonly priorityClass: PriorityClass };
