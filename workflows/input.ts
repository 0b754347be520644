import type { EndedAttempt } from '../src/domain/advance.js';
import type { TaskKey } from '../src/domain/ids.js';
import type { PriorityClass } from '../src/domain/resources.js';
import type { RunSpec, TaskView } from '../src/domain/run.js';
import type { GraphSnapshot, Instance, Part } from './graph.js';
import type { Scope } from './scope.js';

/** When a run continues as new: well below Temporal's own limits of 51,200 events and 50 MB. */
export interface HistoryLimits {
  readonly events: number;
  readonly bytes: number;
}
export const HISTORY_LIMITS: HistoryLimits = { events: 30_000, bytes: 30 * 1024 * 1024 };

/** Why nothing new starts: the first failure, or a person's wish. */
export interface Stop {
  readonly kind: 'failed' | 'cancelled';
  readonly code: string;
  readonly message: string;
}

/** The numbers of the newest orders that a run has obeyed. */
export interface Obeyed {
  readonly paused?: number;
  readonly priorityClass?: number;
}

/** What one execution leaves to the next when it continues as new. */
export interface Carried {
  readonly executionId: string;
  readonly graph: GraphSnapshot;
  readonly queued: readonly TaskKey[];
  readonly ended: readonly EndedAttempt[];
  readonly withdrawn: readonly { readonly taskKey: TaskKey; readonly attempt: number }[];
  readonly paused: boolean;
  readonly priorityClass: PriorityClass;
  /** Absent in what older versions left. */
  readonly obeyed?: Obeyed;
  readonly stop: Stop | null;
  readonly toUndo: readonly TaskKey[] | null;
}

/** The argument of the `pipeline` workflow: a run's specification; for a child, its slice of a fan-out. */
export interface PipelineInput extends RunSpec {
  readonly part?: {
    readonly slice: Part;
    readonly scopeTasks: Scope['tasks'];
    readonly paused: boolean;
    readonly obeyed?: Obeyed;
  };
  readonly carried?: Carried;
  /** Lower limits for a test; `HISTORY_LIMITS` where absent. */
  readonly historyLimits?: HistoryLimits;
}

/** What the workflow returns: for a root its last tasks' outputs, for a child its instances. */
export interface PipelineResult {
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly tasks: number;
  readonly outputs: Readonly<Record<string, TaskView['outputs']>>;
  readonly part?: readonly Instance[];
}
