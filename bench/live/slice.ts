import { readCsv } from '../../src/cli/trace/read-csv.js';
import { evenFleet, Mistakes, readJobs, type SimRun } from '../../src/simulator/index.js';

/** So many jobs of a trace one after another, in a time so many times shorter. */
export interface Slice {
  readonly first: number;
  readonly jobs: number;
  readonly shrink: number;
}

export interface Fleet {
  readonly devices: number;
  readonly perNode: number;
}

/** Reads a slice; its first job arrives at time zero. What tells of a job beforehand is what a live task tells of itself. */
export const readSlice = async (
  file: string,
  { first, jobs, shrink }: Slice,
  fleet: Fleet,
): Promise<readonly SimRun[]> => {
  const mistakes = new Mistakes();
  const table = { file, ...(await readCsv(file)) };
  const { workload } = readJobs(
    table,
    { devices: fleet.devices, largestNode: fleet.perNode, features: [] },
    mistakes,
  );
  const picked = workload.runs.slice(first, first + jobs);
  const zeroMs = picked[0]?.submitAtMs ?? 0;
  return picked.map((run) => ({
    ...run,
    tenant: `tenant-${run.tenant}`,
    submitAtMs: (run.submitAtMs - zeroMs) / shrink,
    tasks: run.tasks.map((task) => ({
      ...task,
      runSeconds: task.runSeconds / shrink,
      features: { attempt: 1, inputBytes: 0 },
    })),
  }));
};

/** Work that arrives, by what the fleet can do until the last has arrived. */
export const loadOf = (runs: readonly SimRun[], { devices }: Fleet): number => {
  const work = runs
    .flatMap(({ tasks }) => tasks)
    .reduce((sum, { runSeconds, resources }) => sum + runSeconds * resources.devices, 0);
  return work / (devices * ((runs.at(-1)?.submitAtMs ?? 0) / 1_000));
};

export const fleetOf = ({ devices, perNode }: Fleet) => evenFleet('gpu', devices, perNode);
