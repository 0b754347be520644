import type { Remaining, ResourceRequest } from '../../domain/index.js';
import type { WaitingTask } from '../cluster/index.js';

/** Of a time or a duration in milliseconds what is expected, and what 9 of 10 stay below. */
export interface Interval {
  readonly p50: number;
  readonly p90: number;
}

/** A task of a run as far as it has still to run. Tasks that are over are left out. */
export interface ExpectedTask {
  readonly name: string;
  /** Tasks that must end before it; those that are left out have ended. */
  readonly needs: readonly string[];
  /** Its attempts that run: what is left of each, and what it holds. */
  readonly running: readonly { readonly left: Remaining; readonly request: ResourceRequest }[];
  /** Its attempts that wait, as they stand in the cluster. */
  readonly waiting: readonly WaitingTask[];
  /** Its items that are still to come, each as it would wait if it were ready now; null where all have come. */
  readonly coming: { readonly items: number; readonly asks: WaitingTask } | null;
}

/** A run as far as it has still to run. */
export interface ExpectedRun {
  readonly tasks: readonly ExpectedTask[];
  readonly deadlineAtMs: number | null;
}

/** The run with each of its attempts that waits, or is to come, changed. */
export const withTasks = (run: ExpectedRun, change: (task: WaitingTask) => WaitingTask): ExpectedRun => ({
  ...run,
  tasks: run.tasks.map((task) => ({
    ...task,
    waiting: task.waiting.map(change),
    coming: task.coming && { ...task.coming, asks: change(task.coming.asks) },
  })),
});

/** All attempts of a run that wait or are to come. */
export const attemptsOf = ({ tasks }: ExpectedRun): readonly WaitingTask[] =>
  tasks.flatMap(({ waiting, coming }) => (coming === null ? waiting : [...waiting, coming.asks]));
