import { SignalboxError } from '../../src/domain/index.js';
import {
  Mistakes,
  type RunRecord,
  readJobs,
  readWorkflows,
  type SimulationResult,
  type Table,
  type TextLine,
  type Workload,
} from '../../src/simulator/index.js';

/** A table as the command line reads it: `submit_s,run_s` and so on, the header line first. */
export const aTable = (file: string, ...lines: readonly string[]): Table => {
  const [header = '', ...rows] = lines;
  const columns = header.split(',');
  return {
    file,
    columns,
    rows: rows.map((text, i) => {
      const cells = text.split(',');
      return { line: i + 2, cells: Object.fromEntries(columns.map((name, c) => [name, cells[c] ?? ''])) };
    }),
  };
};

/** Lines of JSON. */
export const jsonLines = (...values: readonly unknown[]): readonly TextLine[] =>
  values.map((value, i) => ({ line: i + 1, text: JSON.stringify(value) }));

/** The mistakes found by a reader, each as `file:line column: message`; empty where there are none. */
export const mistakesOf = (read: (mistakes: Mistakes) => unknown): readonly string[] => {
  const mistakes = new Mistakes();
  read(mistakes);
  try {
    mistakes.check();
    return [];
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    return error.problems.map(({ file, line, path, message }) => `${file}:${line} ${path}: ${message}`);
  }
};

/** Reads jobs that must be in order, on a pool of eight devices in nodes of four. */
export const jobsOf = (...lines: readonly string[]): Workload => {
  const mistakes = new Mistakes();
  const { workload } = readJobs(aTable('jobs.csv', ...lines), { devices: 8, largestNode: 4 }, mistakes);
  mistakes.check();
  return workload;
};

/** Reads workflows that must be in order. */
export const workflowsOf = (
  dags: readonly unknown[],
  arrivals: readonly string[],
  history?: readonly string[],
): Workload => {
  const mistakes = new Mistakes();
  const files = {
    dags: { file: 'dags.jsonl', lines: jsonLines(...dags) },
    arrivals: aTable('arrivals.csv', 'submit_s,wf', ...arrivals),
    history: history === undefined ? null : aTable('history.csv', 'wf', ...history),
  };
  const workload = readWorkflows(files, mistakes);
  mistakes.check();
  return workload;
};

/** A job that began when it came, on one device for a minute, with what a test cares about changed. */
export const aRecord = (over: Partial<RunRecord> = {}): RunRecord => ({
  index: 0,
  tenant: 'default',
  submitAtMs: 0,
  firstStartAtMs: 0,
  endAtMs: 60_000,
  deadlineAtMs: null,
  runSeconds: 60,
  idealSeconds: 60,
  devices: 1,
  deviceSeconds: 60,
  preemptions: 0,
  lostDeviceSeconds: 0,
  costMicroUsd: 0,
  ...over,
});

/** The result of a policy with these records. */
export const aResult = (over: Partial<SimulationResult> = {}): SimulationResult => ({
  policy: 'default',
  records: [aRecord()],
  cycles: 2,
  decisions: 1,
  busyDeviceSeconds: 60,
  capacityDeviceSeconds: 240,
  queueOverTime: [],
  ...over,
});
