import type { Policy } from '../../planner/index.js';
import { criticalPathSeconds } from '../workload/graph.js';
import type {
  Fleet,
  QueueSample,
  RunRecord,
  SimOptions,
  SimRun,
  SimulationResult,
  Workload,
} from '../workload/types.js';

/**
 * Stands in for the engine until it is there: strictly first come, first served on one undivided pool, whatever the policy; a
 * workflow runs as one piece on one slot for as long as its critical path.
 */
export const simulate = (
  workload: Workload,
  fleet: Fleet,
  policy: Policy,
  _: SimOptions,
): SimulationResult => {
  const capacity = fleet.nodes.reduce((sum, { capacity: of }) => sum + of.devices + of.cores, 0);
  const ends: { at: number; size: number }[] = [];
  let [free, now] = [capacity, 0];
  const records = workload.runs.map((run, index): RunRecord => {
    now = Math.max(now, run.submitAtMs);
    const size = sizeOf(run);
    ends.sort((a, b) => a.at - b.at);
    while (ends[0] !== undefined && (ends[0].at <= now || free < size)) {
      now = Math.max(now, ends[0].at);
      free += ends.shift()?.size ?? 0;
    }
    free -= size;
    const seconds = criticalPathSeconds(run.tasks);
    ends.push({ at: now + seconds * 1000, size });
    return recordOf(run, index, now, seconds);
  });
  const busy = records.reduce((sum, { deviceSeconds }) => sum + deviceSeconds, 0);
  const lastMs = Math.max(...records.map(({ endAtMs }) => endAtMs));
  const spanSeconds = (lastMs - (records[0]?.submitAtMs ?? 0)) / 1000;
  return {
    policy: policy.name,
    records,
    cycles: records.length,
    decisions: records.length,
    busyDeviceSeconds: busy,
    capacityDeviceSeconds: capacity * spanSeconds,
    queueOverTime: samples(records),
  };
};

const sizeOf = ({ tasks }: SimRun): number => {
  const [task] = tasks;
  return task === undefined ? 0 : task.resources.devices || task.resources.cores;
};

const recordOf = (run: SimRun, index: number, now: number, seconds: number): RunRecord => ({
  index,
  tenant: run.tenant,
  submitAtMs: run.submitAtMs,
  firstStartAtMs: now,
  endAtMs: now + seconds * 1000,
  deadlineAtMs: run.deadlineAtMs,
  runSeconds: seconds,
  idealSeconds: seconds,
  devices: sizeOf(run),
  deviceSeconds: seconds * sizeOf(run),
  preemptions: 0,
  lostDeviceSeconds: 0,
  costMicroUsd: 0,
});

const samples = (records: readonly RunRecord[]): readonly QueueSample[] => {
  const changes = records.flatMap(({ submitAtMs, firstStartAtMs, endAtMs, devices }) => [
    [submitAtMs, 1, 0] as const,
    [firstStartAtMs, -1, devices] as const,
    [endAtMs, 0, -devices] as const,
  ]);
  let [waiting, running] = [0, 0];
  return changes
    .sort(([a], [b]) => a - b)
    .map(([at, more, devices]): QueueSample => {
      waiting += more;
      running += devices;
      return [at, waiting, running];
    });
};
