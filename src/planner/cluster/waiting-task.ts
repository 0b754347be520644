import type {
  Act,
  Forecast,
  NodeId,
  Option,
  Placement,
  PriorityClass,
  Rank,
  RunId,
  TaskKey,
} from '../../domain/index.js';

/** A time in which a task may not start whatever is free. */
export interface Held {
  readonly code: 'run-paused' | 'held' | 'window-closed';
  readonly detail: string;
  readonly fromMs: number;
  /** Null where nobody knows. */
  readonly untilMs: number | null;
}

/** A person wants a task on one node. */
export interface NodePin extends Act {
  readonly nodeId: NodeId;
}

/** An attempt that waits, as the planner sees it. */
export interface WaitingTask {
  /** Unique among all attempts: `<run>/<task>#<attempt>`. */
  readonly id: string;
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly tenant: string;
  readonly priorityClass: PriorityClass;
  /** Its number in the order of arrival. */
  readonly arrival: number;
  readonly readyAtMs: number;
  /** Where it may run and what it holds there, in the order of preference; never empty. */
  readonly options: readonly [Option, ...Option[]];
  readonly placement: Placement;
  /** The whole attempt at speed 1, whatever was done of it before. */
  readonly forecast: Forecast;
  /** Work kept in a checkpoint, in seconds at speed 1. */
  readonly doneSeconds: number;
  readonly rank: Rank;
  /** What is left of its run, this task included, in device-seconds; see `work`. */
  readonly remainingDeviceSeconds: number;
  /** The longest path of its run from here on, in seconds: within a run the longest goes first. */
  readonly pathSeconds: number;
  readonly deadlineAtMs: number | null;
  readonly holds: readonly Held[];
  /** Nodes that failed it before: used only where no other will do. */
  readonly suspectNodes: readonly NodeId[];
  /** The only node that it may go to, where a person says so. */
  readonly pin?: NodePin;
  readonly preemptions: number;
  /** Others give way for it: it goes first, so that nobody else takes what they free. */
  readonly promised: boolean;
}
