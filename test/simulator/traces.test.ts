import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/cli/trace/read-csv.js';
import { readLines } from '../../src/cli/trace/read-lines.js';
import { Mistakes, readJobs, readWorkflows } from '../../src/simulator/index.js';

const TRACES = '../shared/traces';
const table = async (name: string) => ({ file: name, ...(await readCsv(`${TRACES}/${name}`)) });

/** They lie beside the project where it is developed, and are not part of it. */
describe.skipIf(!existsSync(TRACES))('the traces beside the project', () => {
  it.each([
    ['philly_oct2017.csv.gz', 620, 47_192, 0],
    ['gaia_jobs.csv.gz', 2_004, 51_860, 127],
  ] as const)('are read without a mistake: %s', async (name, devices, jobs, leftOut) => {
    const mistakes = new Mistakes();
    const read = readJobs(await table(name), { devices, largestNode: devices }, mistakes);
    mistakes.check();
    expect([read.workload.runs.length, read.unknown]).toEqual([jobs, leftOut]);
  });

  it('are read without a mistake: the scenario of workflows', async () => {
    const mistakes = new Mistakes();
    const dags = { file: 'dags', lines: await readLines(`${TRACES}/wfinstances_dags.jsonl.gz`) };
    const arrivals = await table('dag_arrivals.csv');
    const { runs, history } = readWorkflows(
      { dags, arrivals, history: await table('dag_history.csv') },
      mistakes,
    );
    mistakes.check();
    expect([runs.length, history.length]).toEqual([300, 60]);
    expect(history.every(({ submitAtMs }) => submitAtMs < (runs[0]?.submitAtMs ?? 0))).toBe(true);
  });
});
