import type { Features, Pool, PriorityClass, Resources, RunOutlook } from '../../domain/index.js';

/** A task of a simulated run: what it asks for, and what the scheduler does not know: how long it runs. */
export interface SimTask {
  /** Distinct within its run. */
  readonly name: string;
  /** What it has in common with others that are forecast alike: its name in the pipeline. */
  readonly type: string;
  readonly pool: Pool;
  readonly resources: Resources;
  /** How long it runs in truth, at speed 1; positive. */
  readonly runSeconds: number;
  readonly features: Features;
  /** The tasks that must have ended before it, as indices in its run: each once, no cycle. */
  readonly needs: readonly number[];
  /** Its devices may lie on several nodes. */
  readonly spans: boolean;
}

/** A simulated run. A job of a trace is a run of one task. */
export interface SimRun {
  /** Distinct within its workload. */
  readonly id: string;
  readonly pipeline: string;
  readonly tenant: string;
  readonly priorityClass: PriorityClass;
  /** Milliseconds since the trace's time zero (since the epoch for a recorded history); not rounded. */
  readonly submitAtMs: number;
  readonly deadlineAtMs: number | null;
  readonly tasks: readonly SimTask[];
}

/** What is to be scheduled, and what is known already when it begins. */
export interface Workload {
  /** By arrival; of those that arrive at once, as in the file. Not empty. */
  readonly runs: readonly SimRun[];
  /** Whole runs that ended before the first one arrives, in the order in which they began: to learn from. */
  readonly history: readonly SimRun[];
}

/** A machine that is there from one time to another. */
export interface SimNode {
  readonly id: string;
  readonly pool: Pool;
  readonly capacity: Resources;
  readonly labels: Readonly<Record<string, string>>;
  /** `-Infinity` where it was there from the beginning. */
  readonly fromMs: number;
  /** Null where it stays. */
  readonly untilMs: number | null;
}

/** The machines that a workload is simulated on. */
export interface Fleet {
  readonly nodes: readonly SimNode[];
}

/** What runtimes are known by: the forecaster, plain rolling medians, the truth, or nothing but the policy's prior. */
export type ForecastMode = 'learned' | 'median' | 'oracle' | 'none';

/** What a simulation assumes beyond its workload, its fleet and its policy. */
export interface SimOptions {
  readonly forecast: ForecastMode;
  /** Null: as the policy says. `on` with a policy that has no preemption gives it the default one's. */
  readonly preemption: 'on' | 'off' | null;
  /** What each resumption costs on the devices of the task that gave way. */
  readonly resumeSeconds: number;
  /** `always`: nothing but the resumption is lost. `none`: all since the start. Else the seconds between two checkpoints. */
  readonly checkpoints: 'always' | 'none' | number;
  /** How likely an attempt is to fail part way, 0..1; null where none does. */
  readonly failureProbability: number | null;
  readonly seed: number;
  /** Told now and then how many runs have ended. */
  readonly onProgress?: (ended: number) => void;
  /** Told of each run (its index in `Workload.runs`) what would be forecast of it as it arrives. */
  readonly onForecast?: (index: number, forecast: RunOutlook) => void;
}

/** How one run fared. */
export interface RunRecord {
  /** In `Workload.runs`. */
  readonly index: number;
  readonly tenant: string;
  readonly submitAtMs: number;
  /** NaN where it never started. */
  readonly firstStartAtMs: number;
  /** NaN where it never ended: refused by a budget, held for ever, or with no node that may take it. */
  readonly endAtMs: number;
  readonly deadlineAtMs: number | null;
  /** A job's runtime; of a graph the sum of its tasks'. */
  readonly runSeconds: number;
  /** What it would have taken alone on the whole pool: a job's runtime; of a graph the longer of its critical path and work ÷ slots. */
  readonly idealSeconds: number;
  /** The most that one of its tasks holds: devices, where it has none cores, where it has neither slots. */
  readonly devices: number;
  /** What it held in all, repeated work and resumptions included. */
  readonly deviceSeconds: number;
  readonly preemptions: number;
  /** Of `deviceSeconds`: work done twice, and resumptions. */
  readonly lostDeviceSeconds: number;
  readonly costMicroUsd: number;
}

/** The queue at a moment: waiting tasks and devices at work. */
export type QueueSample = readonly [atMs: number, waiting: number, runningDevices: number];

/** What came of a workload under one policy. */
export interface SimulationResult {
  /** The policy's name. */
  readonly policy: string;
  /** One for each run of the workload, in its order. */
  readonly records: readonly RunRecord[];
  /** Planner cycles. */
  readonly cycles: number;
  /** Tasks considered, over all cycles. */
  readonly decisions: number;
  readonly busyDeviceSeconds: number;
  /** What the fleet offered from the first arrival to the last end. */
  readonly capacityDeviceSeconds: number;
  /** In order of time, at most a few thousand. */
  readonly queueOverTime: readonly QueueSample[];
}
