import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signalbox } from '../support/command.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-simulate-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes lines as a file; gzipped where its name says so. */
const file = (name: string, ...lines: readonly string[]): string => {
  const path = join(folder, name);
  const text = `${lines.join('\n')}\n`;
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
};
const HEADER = 'submit_s,run_s,gpus,tenant,deadline_s';
const JOBS = [HEADER, '0,100,2,a,150', '0,50,2,b,60', '10,30,1,b,', '20,5,1,a,600'];
const simulate = (...args: readonly string[]) => signalbox(['simulate', ...args]);
const WORKFLOWS = [
  JSON.stringify({
    wf: 'app-1',
    tasks: [
      ['a', 10, 1],
      ['b', 5, 1],
    ],
    parents: [[], [0]],
  }),
  JSON.stringify({ wf: 'app-2', tasks: [['a', 20, 2]], parents: [[]] }),
];

describe('signalbox simulate', () => {
  it('prints one JSON line with a report for each policy, in the order asked for', async () => {
    const jobs = file('jobs.csv.gz', ...JOBS);
    const options = ['--devices', '2', '--policy', 'fifo', '--policy', 'default', '--json'];
    const { code, stdout, stderr } = await simulate('--jobs', jobs, ...options);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const { policies } = JSON.parse(stdout);
    expect(policies.map(({ policy }: { policy: string }) => policy)).toEqual(['fifo', 'default']);
    expect(policies[0]).toMatchObject({
      jobs: 4,
      queueMaxSeconds: 140,
      queueMeanSeconds: 92.5,
      deadlinesMet: 0.6667,
    });
  });

  it('prints a table side by side and the queue over time', async () => {
    const { code, stdout } = await simulate(
      ...['--jobs', file('jobs.csv', ...JOBS), '--devices', '2', '--policy', 'fifo'],
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +fifo\n/);
    expect(stdout).toMatch(/\nqueue, mean +1m 33s\n/);
    expect(stdout).toMatch(/\nfifo {4}▏.* at most\n/);
  });

  it('writes the queue over time as a picture', async () => {
    const svg = join(folder, 'queue.svg');
    const { code, stderr } = await simulate(
      '--jobs',
      file('jobs.csv', ...JOBS),
      '--devices',
      '2',
      '--svg',
      svg,
    );
    expect(stderr).toContain(svg);
    expect(code).toBe(0);
    expect(readFileSync(svg, 'utf8')).toContain('</svg>');
  });

  it('counts only jobs submitted in the window', async () => {
    const window = ['--measure-from', '10', '--measure-to', '20'];
    const { stdout } = await simulate(
      '--jobs',
      file('jobs.csv', ...JOBS),
      '--devices',
      '2',
      ...window,
      '--json',
    );
    expect(JSON.parse(stdout).policies[0].jobs).toBe(1);
  });

  it('takes preemption from a policy, or gives it, as it is told', async () => {
    const jobs = ['submit_s,run_s,gpus,priority', '0,5000,2,low', '900,10,4,critical'];
    const options = [
      '--jobs',
      file('classes.csv', ...jobs),
      '--devices',
      '4',
      '--forecast',
      'oracle',
      '--json',
    ];
    const preemptions = async (...more: readonly string[]) =>
      JSON.parse((await simulate(...options, ...more)).stdout).policies[0].preemptions;
    expect(await preemptions('--policy', 'default', '--preemption', 'off')).toBe(0);
    expect(await preemptions('--policy', 'default', '--preemption', 'on')).toBe(1);
  });

  it('simulates workflows that arrive, having learned from those that ended', async () => {
    const { code, stdout } = await simulate(
      ...['--dags', file('dags.jsonl.gz', ...WORKFLOWS)],
      ...['--arrivals', file('arrivals.csv', 'submit_s,wf', '0,app-1', '5,app-2')],
      ...['--history', file('history.csv', 'wf', 'app-2'), '--devices', '4', '--json'],
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout).policies[0]).toMatchObject({ jobs: 2, responseMeanSeconds: 17.5 });
  });

  it('tells all mistakes at once, of the trace and of the policies, and simulates nothing', async () => {
    const policy = file('bad.yaml', 'apiVersion: signalbox/v1', 'kind: Policy', 'colour: blue');
    const jobs = file('bad.csv', HEADER, '0,x,1,,', '5,1,9,,', '4,1,1,,');
    const svg = join(folder, 'never.svg');
    const { code, stdout, stderr } = await simulate(
      ...['--jobs', jobs, '--devices', '2', '--policy', policy, '--policy', 'fofi', '--svg', svg],
    );
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(`${jobs}:2 run_s: "x" is not a number of seconds`);
    expect(stderr).toContain(`${jobs}:3 gpus: the job asks for 9 devices, and the pool has 2`);
    expect(stderr).toContain(`${jobs}:4 submit_s: 4 is earlier than 5 in line 3`);
    expect(stderr).toContain('bad.yaml');
    expect(stderr).toContain('colour');
    expect(stderr).toContain("There is no policy 'fofi'; there are ");
    expect(existsSync(svg)).toBe(false);
  });

  it('refuses a policy of which a rule is for none of the tasks', async () => {
    const whole = readFileSync('policies/fifo.yaml', 'utf8');
    const rules = ['labs', 'c'].map(
      (tenant, i) => `    - { name: r${i}, when: task.tenant == "${tenant}", labels: { a: b } }`,
    );
    const policy = file('rules.yaml', whole, 'route:', '  rules:', ...rules);
    const jobs = file('jobs.csv', ...JOBS);
    const { code, stderr } = await simulate('--jobs', jobs, '--devices', '2', '--policy', policy);
    expect(stderr).toContain(`${policy} rule "r0" matches none of the workload's tasks`);
    expect(stderr).toContain('rule "r1"');
    expect(code).toBe(2);
  });

  it('takes a policy that ships for any workload, and says what of it is for none of the tasks', async () => {
    const options = ['--devices', '2', '--policy', 'cost-saver', '--json'];
    const { code, stderr } = await simulate('--jobs', file('jobs.csv', ...JOBS), ...options);
    expect(stderr).toContain('cost-saver: window "off-peak" matches none');
    expect(code).toBe(0);
  });

  it.each([
    ['no source', [], 'Give one of --jobs'],
    ['two sources', ['--jobs', 'a', '--last', '1d'], 'Give one of --jobs'],
    ['no devices', ['--jobs', 'a'], 'Give --devices'],
    ['zero devices', ['--jobs', 'a', '--devices', '0'], 'whole number from 1'],
    [
      'a file that is not there',
      ['--jobs', 'none.csv', '--devices', '2'],
      'none.csv cannot be read: there is no such',
    ],
    [
      'arrivals without workflows',
      ['--jobs', 'a', '--devices', '2', '--arrivals', 'b'],
      '--arrivals does not go',
    ],
    ['workflows without arrivals', ['--dags', 'a', '--devices', '2'], 'Give --arrivals'],
    [
      'an unknown forecast',
      ['--jobs', 'a', '--devices', '2', '--forecast', 'guess'],
      'Allowed choices are learned',
    ],
    [
      'a window that ends first',
      ['--measure-from', '9', '--measure-to', '3'],
      'is not before --measure-to 3',
    ],
    ['a window without jobs', ['--measure-from', '900'], 'No job is submitted between'],
    ['nodes without a size', ['--nodes', 'many'], 'such as 8x'],
    ['a resumption that costs nothing sensible', ['--resume-cost', '-1'], 'number from 0'],
    [
      'a name that ends in .gz alone',
      ['--jobs', 'PLAIN', '--devices', '2'],
      'is not gzipped, though its name says so',
    ],
    ['an archive that is cut off', ['--jobs', 'CUT', '--devices', '2'], 'its compression'],
    ['an empty file', ['--jobs', 'EMPTY', '--devices', '2'], 'has no rows'],
  ] as const)('refuses %s: exit code 2, with the mend', async (_, args, message) => {
    const made: Readonly<Record<string, string>> = {
      PLAIN: 'plain.csv.gz',
      CUT: 'cut.csv.gz',
      EMPTY: 'empty.csv',
    };
    writeFileSync(join(folder, 'plain.csv.gz'), JOBS.join('\n'));
    writeFileSync(join(folder, 'cut.csv.gz'), gzipSync(JOBS.join('\n')).subarray(0, 30));
    writeFileSync(join(folder, 'empty.csv'), '');
    const given = args.map((arg) => (made[arg] === undefined ? arg : join(folder, made[arg])));
    const whole = /^--(measure|nodes|resume)/.test(given[0] ?? '')
      ? ['--jobs', file('jobs.csv', ...JOBS), '--devices', '2', ...given]
      : given;
    const { code, stdout, stderr } = await simulate(...whole);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});
