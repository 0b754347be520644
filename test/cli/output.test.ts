import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { RunDetail, Task } from '../../src/api/client/index.js';
import { showLines } from '../../src/cli/commands/show.js';
import { bar } from '../../src/cli/follow/bar.js';
import { blockLines } from '../../src/cli/follow/live.js';
import { plainWatcher } from '../../src/cli/follow/plain.js';
import { bytes, duration, durationRange, money } from '../../src/cli/output/format.js';
import { wrap } from '../../src/cli/output/line.js';
import { cut, table, textWidth } from '../../src/cli/output/table.js';
import type { Terminal } from '../../src/cli/output/terminal.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();

const aTerminal = (width: number, height = 24): Terminal => ({
  width,
  height,
  isLive: true,
  colours: pc.createColors(false),
  print: () => {},
});

const aTask = (fields: Partial<Task>): Task => ({
  key: 'train',
  attempt: 1,
  state: 'running',
  request: { pool: 'gpu', devices: 1, cores: 0, memoryBytes: 0, slots: 0 },
  queue: 'gpu@gpu-1',
  node: 'gpu-1',
  forecast: { p50Seconds: 60, p90Seconds: 100, observations: 12, model: 'rolling-median', version: '1' },
  readyAt: at(-40),
  startedAt: at(-30),
  endedAt: null,
  waitedSeconds: 10,
  ranSeconds: 30,
  progress: null,
  lostSeconds: 0,
  unsaved: null,
  wait: null,
  outputs: {},
  error: null,
  usage: null,
  ...fields,
});

const waiting = (key: string, detail: string) =>
  aTask({
    key,
    state: 'waiting',
    node: null,
    startedAt: null,
    ranSeconds: null,
    wait: {
      blockers: [{ code: 'no-capacity', detail }],
      position: 2,
      eta: { p50: at(30), p90: at(70) },
      heldUntil: null,
    },
  });

const aRun = (tasks: Task[], fields: Partial<RunDetail> = {}): RunDetail => ({
  id: 'nightly-0a1b2c3d',
  pipeline: 'nightly',
  tenant: 'default',
  priority: 'high',
  status: 'running',
  paused: false,
  createdAt: at(-60),
  endedAt: null,
  deadlineAt: at(600),
  error: null,
  forecast: {
    start: { p50: at(-60), p90: at(-50) },
    finish: { p50: at(30), p90: at(90) },
    costMicroUsd: { p50: 120_000, p90: 200_000 },
    warnings: [],
    deadline: 'feasible',
    inTheWay: [],
    offers: [],
  },
  outlook: null,
  params: { lr: 0.1 },
  tasks,
  ...fields,
});

describe('amounts read as people write them', () => {
  test.each([
    [0.04, '0.0s'],
    [9.94, '9.9s'],
    [9.96, '10s'],
    [59.4, '59s'],
    [185, '3m 05s'],
    [7_799, '2h 09m'],
    [273_600, '3d 4h'],
  ])('%s seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  test('a range whose ends read the same is one amount', () => {
    expect(durationRange(40, 70)).toBe('40s–1m 10s');
    expect(durationRange(40, 40.1)).toBe('40s');
  });

  test('memory is in binary units and money in dollars', () => {
    expect([bytes(0), bytes(1536), bytes(8 * 2 ** 30), bytes(7.5 * 2 ** 30)]).toEqual([
      '0 B',
      '1.5 KiB',
      '8 GiB',
      '7.5 GiB',
    ]);
    expect([money(0), money(4_200), money(1_250_000)]).toEqual(['$0.00', '$0.0042', '$1.25']);
  });
});

describe('a table', () => {
  const columns = [
    { title: 'NAME', cell: ({ name }: Row) => name },
    { title: 'WHY', cell: ({ why }: Row) => why, flexible: true },
    { title: 'EMPTY', cell: () => '' },
  ];
  interface Row {
    readonly name: string;
    readonly why: string;
  }
  const rows = [{ name: 'a', why: 'because of something that takes long to say\nand has two lines' }];

  test('fits the terminal by cutting its flexible columns, and leaves empty columns out', () => {
    const lines = table(columns, rows, aTerminal(30));
    expect(lines[0]).toBe('NAME  WHY');
    expect(lines.map(textWidth).every((width) => width <= 30)).toBe(true);
    expect(lines[1]).toMatch(/…$/);
  });

  test('cuts nothing where the output is no terminal', () => {
    expect(table(columns, rows, aTerminal(Number.POSITIVE_INFINITY))[1]).toBe(
      'a     because of something that takes long to say and has two lines',
    );
  });

  test('cutting never makes a text longer than the room there is', () => {
    expect([cut('abc', 3), cut('abcd', 3), cut('abcd', 1)]).toEqual(['abc', 'ab…', '…']);
  });
});

test('a bar is as full as the part that is done, and never fuller than full', () => {
  expect(bar(0)).toBe('░░░░░░░░░░░░');
  expect(bar(0.5)).toBe('██████░░░░░░');
  expect(bar(7)).toBe('████████████');
});

test('a sentence is broken between words, its later lines indented', () => {
  expect(wrap('one two three four', 12, 'a: ', '   ')).toEqual(['a: one two', '   three', '   four']);
  expect(wrap('wider-than-the-width', 5, '', '  ')).toEqual(['wider-than-the-width']);
});

describe('the live view', () => {
  test('shows what runs against its forecast, and why the rest waits', () => {
    const lines = blockLines(
      aRun([aTask({ key: 'train[0]', progress: 0.5 }), waiting('train[1]', '1 of 1 devices taken')]),
      aTerminal(120),
      NOW,
    );
    expect(lines[0]).toMatch(/^nightly-0a1b2c3d {2}running {2}1m 00s, high priority, forecast to finish /);
    expect(lines[1]).toMatch(/● train\[0\] {2}running .*gpu-1.*30s of about 1m 00s, ends about .*, 50% done/);
    expect(lines[2]).toMatch(/◌ train\[1\] {2}waiting .*place 2, starts about \S+: 1 of 1 devices taken/);
  });

  test.each([40, 60, 80, 200])('never wraps a line, %s characters wide', (width) => {
    const tasks = [
      aTask({}),
      waiting('train[1]', 'x'.repeat(300)),
      aTask({ error: { code: 'x', message: 'y'.repeat(300) }, state: 'failed' }),
    ];
    const lines = blockLines(aRun(tasks), aTerminal(width), NOW);
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(width);
  });

  test('keeps what runs in view where not all tasks have room, and counts the others', () => {
    const done = Array.from({ length: 50 }, (_, i) => aTask({ key: `done[${i}]`, state: 'succeeded' }));
    const lines = blockLines(aRun([...done, aTask({ key: 'now' })]), aTerminal(100, 12), NOW);
    expect(lines.length).toBeLessThan(12);
    expect(lines.join('\n')).toMatch(/● now/);
    expect(lines.at(-1)).toMatch(/… and \d+ more tasks: \d+ succeeded/);
  });
});

describe('plain progress', () => {
  test('adds a line when a task changes, not when its ETA does', () => {
    const lines: string[] = [];
    const watcher = plainWatcher((line) => lines.push(line.replace(/^\S+ {2}/, '')));
    const first = waiting('train', 'all taken');
    watcher.update(aRun([first]));
    watcher.update(aRun([{ ...first, wait: first.wait && { ...first.wait, position: 1, eta: null } }]));
    watcher.update(aRun([aTask({})], { paused: true }));
    watcher.update(aRun([aTask({ state: 'succeeded', ranSeconds: 3.2 })]));
    expect(lines).toEqual([
      expect.stringMatching(/^train: waiting: place 2, starts about \S+: all taken$/),
      'nightly-0a1b2c3d: paused',
      'train: running on gpu-1, forecast 1m 00s–1m 40s',
      'nightly-0a1b2c3d: resumed',
      'train: succeeded after 3.2s',
    ]);
  });
});

test('show tells a run, its tasks and what they gave', () => {
  const run = aRun([
    aTask({ state: 'succeeded', outputs: { score: 0.87 } }),
    waiting('serve', 'slots taken'),
  ]);
  const text = showLines(run, aTerminal(160), NOW).join('\n');
  expect(text).toContain('nightly-0a1b2c3d  running for 1m 00s');
  expect(text).toMatch(/deadline {2}.*, should hold/);
  expect(text).toMatch(/✓ train +succeeded +gpu +gpu-1 +1m 00s–1m 40s +10s +30s/);
  expect(text).toMatch(/train {2}score=0\.87/);
});
