import { describe, expect, it } from 'vitest';
import { evenFleet, Mistakes, readJobs } from '../../src/simulator/index.js';
import { aTable, jobsOf, mistakesOf } from './builders.js';

const HEADER = 'submit_s,run_s,gpus';
const wrongIn = (...lines: readonly string[]) =>
  mistakesOf((mistakes) => readJobs(aTable('jobs.csv', ...lines), { devices: 8, largestNode: 4 }, mistakes));

describe('a trace of jobs', () => {
  it('becomes one run of one task for each row, times in milliseconds', () => {
    const { runs, history } = jobsOf(HEADER, '1.5,30,2', '7,61.25,8');
    expect(history).toEqual([]);
    expect(runs).toMatchObject([
      { submitAtMs: 1_500, tenant: 'default', priorityClass: 'normal', deadlineAtMs: null },
      { submitAtMs: 7_000, tasks: [{ runSeconds: 61.25, pool: 'gpu', resources: { devices: 8 } }] },
    ]);
    expect(new Set(runs.map(({ id }) => id)).size).toBe(2);
  });

  it('takes tenant, priority, deadline from the submission, and name from columns of those names', () => {
    const [run, plain] = jobsOf(
      `${HEADER},tenant,priority,deadline_s,name`,
      '10,30,1,lab,high,90,train',
      '10,30,1,,,,',
    ).runs;
    expect(run).toMatchObject({ tenant: 'lab', priorityClass: 'high', deadlineAtMs: 100_000 });
    expect(run?.tasks[0]).toMatchObject({ name: 'train', type: 'train', features: { gpus: 1 } });
    expect(plain).toMatchObject({ tenant: 'default', priorityClass: 'normal', deadlineAtMs: null });
    expect(plain?.tasks[0]?.type).toBe('job');
  });

  it('takes every other column as a feature: a number where all its cells are numbers, else a category', () => {
    const [first, second] = jobsOf(`${HEADER},steps,vc`, '0,30,1,50,11', '1,30,2,,b7').runs;
    expect(first?.tasks[0]?.features).toEqual({ gpus: 1, steps: 50, vc: '11' });
    expect(second?.tasks[0]?.features).toEqual({ gpus: 2, vc: 'b7' });
  });

  it('takes only the features that were named, so that what was known afterwards stays out', () => {
    const table = aTable('jobs.csv', `${HEADER},status,vc`, '0,30,1,1,a');
    const plan = { devices: 8, largestNode: 8, features: ['vc'] };
    expect(readJobs(table, plan, new Mistakes()).workload.runs[0]?.tasks[0]?.features).toEqual({ vc: 'a' });
  });

  it('reads procs as devices where there is no column gpus', () => {
    expect(jobsOf('submit_s,run_s,procs', '0,30,3').runs[0]?.tasks[0]?.resources.devices).toBe(3);
  });

  it('takes no job for shorter than a second', () => {
    expect(jobsOf(HEADER, '0,0,1').runs[0]?.tasks[0]?.runSeconds).toBe(1);
  });

  it('lets a job span nodes only where no node could hold it', () => {
    expect(jobsOf(HEADER, '0,30,4', '0,30,5').runs.map(({ tasks }) => tasks[0]?.spans)).toEqual([
      false,
      true,
    ]);
  });

  it('leaves out jobs of unknown runtime (-1), one in a hundred at most', () => {
    const table = aTable(
      'jobs.csv',
      HEADER,
      ...Array.from({ length: 199 }, (_, i) => `${i},5,1`),
      '199,-1,1',
    );
    const { workload, unknown } = readJobs(table, { devices: 8, largestNode: 4 }, new Mistakes());
    expect([workload.runs.length, unknown]).toEqual([199, 1]);
    expect(wrongIn(HEADER, '0,5,1', '1,-1,1')[0]).toMatch(/^jobs.csv:3 run_s: "-1" is not/);
  });

  it.each([
    ['a column that is missing', ['submit_s,gpus', '0,1'], "jobs.csv:1 run_s: there is no column 'run_s'"],
    ['no rows', [HEADER], 'jobs.csv:1 : there are no rows'],
    ['a word for a number', [HEADER, '0,soon,1'], 'jobs.csv:2 run_s: "soon" is not a number of seconds'],
    ['an empty cell', [HEADER, '0,,1'], 'jobs.csv:2 run_s: an empty cell is not'],
    ['a negative runtime', [HEADER, '0,-5,1'], 'jobs.csv:2 run_s: "-5" is not'],
    ['a runtime that is NaN', [HEADER, '0,NaN,1'], 'jobs.csv:2 run_s: "NaN" is not'],
    ['a runtime without end', [HEADER, '0,Infinity,1'], 'jobs.csv:2 run_s: "Infinity" is not'],
    ['a runtime beyond all measure', [HEADER, '0,1e300,1'], 'jobs.csv:2 run_s: "1e300" is not'],
    ['a hexadecimal runtime', [HEADER, '0,0x10,1'], 'jobs.csv:2 run_s: "0x10" is not'],
    ['a negative time', [HEADER, '-1,5,1'], 'jobs.csv:2 submit_s: "-1" is not a time'],
    ['a job of no devices', [HEADER, '0,5,0'], 'jobs.csv:2 gpus: "0" is not a whole number of devices'],
    ['half a device', [HEADER, '0,5,1.5'], 'jobs.csv:2 gpus: "1.5" is not a whole number'],
    ['a job larger than the pool', [HEADER, '0,5,9'], 'jobs.csv:2 gpus: the job asks for 9 devices'],
    ['times out of order', [HEADER, '5,5,1', '4,5,1'], 'jobs.csv:3 submit_s: 4 is earlier than 5 in line 2'],
    [
      'an unknown priority',
      [`${HEADER},priority`, '0,5,1,7'],
      'jobs.csv:2 priority: "7" is no priority class',
    ],
    ['a bad deadline', [`${HEADER},deadline_s`, '0,5,1,x'], 'jobs.csv:2 deadline_s: "x" is not'],
  ] as const)('is refused for %s, with the line', (_, lines, message) => {
    expect(wrongIn(...lines)).toEqual([expect.stringContaining(message)]);
  });

  it('is told all its mistakes at once, twenty at most', () => {
    expect(wrongIn(HEADER, 'x,y,z')).toHaveLength(3);
    const mistakes = new Mistakes();
    const lines = Array.from({ length: 30 }, () => '0,x,1');
    readJobs(aTable('jobs.csv', HEADER, ...lines), { devices: 8, largestNode: 4 }, mistakes);
    expect(() => mistakes.check()).toThrow('30 mistakes; the first 20');
  });
});

describe('a pool of devices', () => {
  it('is one node where no size is given', () => {
    expect(evenFleet('gpu', 620).nodes.map(({ capacity }) => capacity.devices)).toEqual([620]);
  });

  it('is cut into nodes of the size given, the last one smaller where they do not divide', () => {
    const { nodes } = evenFleet('cpu', 20, 8);
    expect(nodes.map(({ id, capacity }) => [id, capacity.cores])).toEqual([
      ['cpu-1', 8],
      ['cpu-2', 8],
      ['cpu-3', 4],
    ]);
  });
});
