import { NOTHING } from '../../domain/index.js';
import type { TraceRow } from '../../forecast/index.js';
import { ARRIVAL_COLUMNS, arrivalReader } from './arrivals.js';
import { Cells, DEVICES, numberIn, SECONDS } from './cells.js';
import { featureReader, hasColumns, type Table } from './columns.js';
import type { Mistakes } from './mistakes.js';
import type { SimRun, SimTask, Workload } from './types.js';

/** What jobs may ask for at most, and which columns are known before a job runs. */
export interface JobPlan {
  /** Devices of the whole pool. */
  readonly devices: number;
  /** Devices of its largest node: a larger job spans nodes. */
  readonly largestNode: number;
  /** The features; all columns without another meaning where undefined. */
  readonly features?: readonly string[];
}

/** A trace of jobs, read. */
export interface Jobs {
  readonly workload: Workload;
  /** Jobs left out because nobody recorded their runtime. */
  readonly unknown: number;
}

/** Seconds; below it a trace's clock tells nothing, and the published results that we compare with do the same. */
const SHORTEST = 1;
/** What the Standard Workload Format writes for what nobody recorded. */
const UNKNOWN = -1;
/** With a larger share of unknown runtimes left out, the trace would not be the load that it was. */
const MOST_UNKNOWN = 0.01;

const MEANINGS = [...ARRIVAL_COLUMNS, 'run_s', 'name'];

/** Reads a table of jobs, each a run of one task; notes every mistake with its line. */
export const readJobs = (table: Table, plan: JobPlan, mistakes: Mistakes): Jobs => {
  const size = ['gpus', 'procs'].find((name) => table.columns.includes(name)) ?? 'gpus';
  const needed = ['submit_s', 'run_s', size, ...(plan.features ?? [])];
  if (!hasColumns(table, needed, mistakes)) return { workload: { runs: [], history: [] }, unknown: 0 };
  const known = withKnownRuntime(table.rows);
  const cells = new Cells(table.file, mistakes);
  const arrivalOf = arrivalReader(cells);
  const taskOf = taskReader({ ...table, rows: known }, size, plan, cells);
  const digits = `${known.at(-1)?.line ?? 0}`.length;
  const runs = known.map(
    (row): SimRun => ({
      id: `job-${`${row.line}`.padStart(digits, '0')}`,
      pipeline: 'jobs',
      ...arrivalOf(row),
      tasks: [taskOf(row)],
    }),
  );
  return { workload: { runs, history: [] }, unknown: table.rows.length - known.length };
};

/** All rows where too many runtimes are unknown: then they are mistakes. */
const withKnownRuntime = (rows: readonly TraceRow[]): readonly TraceRow[] => {
  const known = rows.filter(({ cells }) => numberIn(cells.run_s ?? '') !== UNKNOWN);
  return known.length >= (1 - MOST_UNKNOWN) * rows.length ? known : rows;
};

const taskReader = (table: Table, size: string, plan: JobPlan, cells: Cells) => {
  const features = plan.features ?? table.columns.filter((name) => !MEANINGS.includes(name));
  const featuresOf = featureReader(table.rows, features);
  return (row: TraceRow): SimTask => {
    const devices = devicesOf(row, size, plan, cells);
    const name = row.cells.name?.trim() || 'job';
    return {
      name,
      type: name,
      pool: 'gpu',
      resources: { ...NOTHING, devices },
      runSeconds: Math.max(SHORTEST, cells.number(row, 'run_s', SECONDS)),
      features: featuresOf(row),
      needs: [],
      spans: devices > plan.largestNode,
    };
  };
};

const devicesOf = (row: TraceRow, size: string, plan: JobPlan, cells: Cells): number => {
  const devices = cells.number(row, size, DEVICES);
  if (devices > plan.devices) {
    const message = `the job asks for ${devices} devices, and the pool has ${plan.devices}`;
    cells.wrong(row.line, size, message, 'give the pool as many by --devices, or leave the job out');
  }
  return devices;
};
