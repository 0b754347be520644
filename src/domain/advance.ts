import type { Verdict } from './decision.js';
import type { Features, Outcome } from './forecast.js';
import type { LeaseId, NodeId, RunId, TaskKey } from './ids.js';
import type { JsonValue } from './json.js';
import type { Option, Placement } from './placement.js';
import type { PriorityClass, ResourceRequest } from './resources.js';

/** What an attempt used, where it could be measured. */
export interface Usage {
  readonly peakMemoryBytes: number | null;
  readonly cpuSeconds: number | null;
}

/** Why an attempt did not succeed: a stable code and a sentence. */
export interface TaskError {
  readonly code: string;
  readonly message: string;
  /** Another attempt would meet the same error (a 404, an unknown function): do not retry. */
  readonly final?: boolean;
}

/** The code of an attempt that needed more memory than it had: the next one gets more, where there is more. */
export const OUT_OF_MEMORY = 'out-of-memory';

/** One attempt that is over. */
export interface EndedAttempt {
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly leaseId: LeaseId;
  readonly fencing: number;
  readonly outcome: Outcome;
  readonly error?: TaskError;
  readonly outputs?: Readonly<Record<string, JsonValue>>;
  readonly nodeId: NodeId | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number;
  readonly usage: Usage;
  /** Work gone since the last checkpoint, for a preempted, lost or failed attempt. */
  readonly lostSeconds?: number;
  /** The worker itself said that the process has ended, so its hardware is free. False after a mere timeout. */
  readonly processEnded: boolean;
}

/** One attempt that could start now. */
export interface ReadyTask {
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly request: ResourceRequest;
  /** All places that it lists, in the order of preference, `request` among them; without it `request` alone. */
  readonly options?: readonly [Option, ...Option[]];
  /** What it asks of its node and shares with others, where it asks anything. */
  readonly placement?: Placement;
  readonly features: Features;
  readonly estimateSeconds?: number;
  /** Canonical text of everything the result depends on, where the task may reuse an earlier result. */
  readonly cacheInputs?: string;
  /** Its last attempt ran out of memory: refused where no node has more. */
  readonly wantsMoreMemory?: boolean;
  /** Nodes that failed this task before. */
  readonly suspectNodes?: readonly NodeId[];
}

/** How a run ended. */
export interface RunEnd {
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly error?: TaskError;
}

/** One turn of a run: what ended, what is ready, what it believes it holds. Idempotent per task and attempt, never per turn. */
export interface AdvanceRequest {
  readonly runId: RunId;
  /** The asking workflow: the run itself, or a child that carries a part of its fan-out. */
  readonly workflowId: string;
  /** Temporal's id of this execution of the workflow. */
  readonly executionId: string;
  /** The execution it continues as new, if any: anything else unknown is a reset and opens a new epoch. */
  readonly continuesExecutionId?: string;
  readonly pipeline: string;
  readonly tenant: string;
  readonly priorityClass: PriorityClass;
  readonly deadlineAtMs?: number;
  /** A paused run's waiting tasks keep their place but are not granted. */
  readonly paused: boolean;
  readonly ended: readonly EndedAttempt[];
  readonly ready: readonly ReadyTask[];
  /** Waiting attempts that the run no longer wants (cancelled, skipped). */
  readonly withdrawn: readonly { readonly taskKey: TaskKey; readonly attempt: number }[];
  readonly held: readonly { readonly leaseId: LeaseId; readonly fencing: number }[];
  /** Asked by the run's timer: answer for all its waiting tasks, not for the named ones only. */
  readonly askAgain: boolean;
  /** On the root workflow's last turn. */
  readonly end?: RunEnd;
}

/** The state of each task that was named (with `askAgain`: of each that waits), by revision. */
export interface AdvanceAnswer {
  readonly verdicts: readonly Verdict[];
  readonly policyVersion: string;
}

/** Refusals of the ledger that no later try can mend: another execution took over, or the run is not in this ledger. */
export const FINAL_REFUSALS: readonly string[] = ['stale-execution', 'not-found'];
