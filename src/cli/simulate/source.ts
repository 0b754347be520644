import {
  evenFleet,
  type Fleet,
  type Mistakes,
  readJobs,
  readWorkflows,
  type SimulationResult,
  type Table,
  type Workload,
} from '../../simulator/index.js';
import { count } from '../output/format.js';
import { note } from '../output/terminal.js';
import { readCsv } from '../trace/read-csv.js';
import { readLines } from '../trace/read-lines.js';
import type { SimulateOptions, Source } from './options.js';

/** What is to be simulated, on what, and which moment its seconds count from. */
export interface Scenario {
  readonly title: string;
  readonly workload: Workload;
  readonly fleet: Fleet;
  readonly zeroMs: number;
  /** How it fared in truth, where that is known. */
  readonly recorded?: SimulationResult;
}

type Of<Kind> = Extract<Source, { readonly kind: Kind }>;

/** Reads a trace of jobs; notes every mistake. */
export const jobScenario = async (
  { file, devices, perNode }: Of<'jobs'>,
  { features }: SimulateOptions,
  mistakes: Mistakes,
): Promise<Scenario> => {
  const plan = { devices, largestNode: Math.min(devices, perNode), ...(features ? { features } : {}) };
  const table = await tableOf(file, mistakes);
  const { workload, unknown } = table ? readJobs(table, plan, mistakes) : { workload: NONE, unknown: 0 };
  if (unknown > 0) note(`${count(unknown, 'job')} without a known runtime (-1) left out.`);
  return { title: file, workload, fleet: evenFleet('gpu', devices, perNode), zeroMs: 0 };
};

/** Reads a scenario of workflows; notes every mistake. */
export const workflowScenario = async (source: Of<'dags'>, mistakes: Mistakes): Promise<Scenario> => {
  const { devices, perNode } = source;
  const lines = await noted(readLines(source.dags), mistakes);
  const arrivals = await tableOf(source.arrivals, mistakes);
  const history = source.history === undefined ? null : await tableOf(source.history, mistakes);
  const workload =
    lines && arrivals && history !== undefined
      ? readWorkflows({ dags: { file: source.dags, lines }, arrivals, history }, mistakes)
      : NONE;
  return { title: source.arrivals, workload, fleet: evenFleet('cpu', devices, perNode), zeroMs: 0 };
};

const NONE: Workload = { runs: [], history: [] };

const tableOf = async (file: string, mistakes: Mistakes): Promise<Table | undefined> => {
  const table = await noted(readCsv(file), mistakes);
  return table && { file, ...table };
};

/** What a reader gives, or nothing where it found a mistake, which is noted. */
const noted = async <Read>(reading: Promise<Read>, mistakes: Mistakes): Promise<Read | undefined> => {
  try {
    return await reading;
  } catch (error) {
    mistakes.addError(error);
    return undefined;
  }
};
