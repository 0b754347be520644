import {
  ANYWHERE,
  type Forecast,
  NOTHING,
  type Observation,
  type Outcome,
  type Pool,
  type Rank,
  sizeOf,
} from '../../domain/index.js';
import type { SimRun, SimTask } from '../workload/types.js';
import type { Terms } from './terms.js';

/** A run under way in virtual time. */
export interface RunState {
  readonly run: SimRun;
  readonly index: number;
  readonly tasks: readonly TaskState[];
  /** What is left of it in each pool it uses, and what its waiting tasks' places were made from. */
  readonly work: Map<Pool, PoolWork>;
  unfinished: number;
  firstStartAtMs: number;
  endedAtMs: number;
  deviceSeconds: number;
  lostDeviceSeconds: number;
  preemptions: number;
  costMicroUsd: number;
}

/** A run's forecast work in one pool. */
export interface PoolWork {
  readonly rank: Rank;
  /** Its hardware in the virtual queue: work by longest path. */
  readonly width: number;
  /** True work of the tasks that have ended. */
  workedDeviceSeconds: number;
  /** Of the tasks that have not ended, those that run in full. */
  remainingDeviceSeconds: number;
  /** What of that the queue was last told. */
  queuedDeviceSeconds: number;
}

/** One of its tasks. */
export interface TaskState {
  readonly of: RunState;
  readonly task: SimTask;
  readonly index: number;
  /** Names the tasks with the same inputs, for what one says of the other. */
  readonly family: string;
  /** How much hardware it holds, in one number. */
  readonly size: number;
  readonly followers: TaskState[];
  forecast: Forecast;
  /** What its size is reckoned from: its forecast, or what the policy takes it for instead. */
  assumedSeconds: number;
  /** What it was taken for in its run's work. */
  deviceSeconds: number;
  /** The longest path from its start to the end of its run, in seconds. */
  pathSeconds: number;
  /** Predecessors that have not ended. */
  waitsFor: number;
  state: 'pending' | 'waiting' | 'running' | 'ended';
  attempt: number;
  arrival: number;
  readyAtMs: number;
  /** True work kept in a checkpoint. */
  doneSeconds: number;
  preemptions: number;
  promised: boolean;
  /** Settled anew each time it becomes ready. */
  terms: Terms;
  leaseId: string;
  grantedAtMs: number;
  /** What its tenant was charged for the running attempt, by its forecast. */
  chargedDeviceSeconds: number;
  /** Where it runs. */
  ranIn: Pool;
  /** What the running attempt spends on resuming before its own work goes on. */
  resumeSeconds: number;
}

const UNKNOWN: Forecast = { p50Seconds: 1, p90Seconds: 1, observations: 0, model: 'none', version: '' };

const UNSETTLED: Terms = {
  options: [{ request: { pool: 'gpu', ...NOTHING }, speed: 1 }],
  placement: ANYWHERE,
  priorityClass: 'normal',
  holds: [],
};

/** A run that has not arrived yet. */
export const runState = (run: SimRun, index: number): RunState => {
  const tasks: TaskState[] = [];
  const state: RunState = {
    run,
    index,
    tasks,
    work: new Map(),
    unfinished: run.tasks.length,
    firstStartAtMs: Number.NaN,
    endedAtMs: Number.NaN,
    deviceSeconds: 0,
    lostDeviceSeconds: 0,
    preemptions: 0,
    costMicroUsd: 0,
  };
  for (const [at, task] of run.tasks.entries()) tasks.push(taskState(state, task, at));
  for (const task of tasks) for (const need of task.task.needs) tasks[need]?.followers.push(task);
  return state;
};

const taskState = (of: RunState, task: SimTask, index: number): TaskState => ({
  of,
  task,
  index,
  family: JSON.stringify([of.run.pipeline, task.type, task.features]),
  size: sizeOf(task.resources),
  followers: [],
  forecast: UNKNOWN,
  assumedSeconds: 1,
  deviceSeconds: 0,
  pathSeconds: 0,
  waitsFor: task.needs.length,
  state: 'pending',
  attempt: 1,
  arrival: 0,
  readyAtMs: 0,
  doneSeconds: 0,
  preemptions: 0,
  promised: false,
  terms: UNSETTLED,
  leaseId: '',
  grantedAtMs: 0,
  chargedDeviceSeconds: 0,
  ranIn: task.pool,
  resumeSeconds: 0,
});

/** Sets each task's longest path to the end of its run, from the last task to the first. */
export const setPaths = ({ tasks }: RunState): void => {
  const open = tasks.map(({ followers }) => followers.length);
  const ready = tasks.filter(({ followers }) => followers.length === 0);
  for (let task = ready.pop(); task !== undefined; task = ready.pop()) {
    task.pathSeconds = task.forecast.p50Seconds;
    for (const { pathSeconds } of task.followers)
      task.pathSeconds = Math.max(task.pathSeconds, task.forecast.p50Seconds + pathSeconds);
    for (const need of task.task.needs) {
      open[need] = (open[need] as number) - 1;
      if (open[need] === 0) ready.push(tasks[need] as TaskState);
    }
  }
};

/** What the forecaster is asked about a task. */
export const subjectOf = ({ of: { run }, task }: TaskState) => ({
  pipeline: run.pipeline,
  task: task.type,
  pool: task.pool,
  tenant: run.tenant,
  features: task.features,
});

/** What it learns of one. */
export const observationOf = (
  task: TaskState,
  outcome: Outcome,
  runtimeSeconds: number,
  endedAtMs: number,
): Observation => ({
  ...subjectOf(task),
  outcome,
  runtimeSeconds,
  peakMemoryBytes: null,
  cpuSeconds: null,
  endedAtMs,
});
