import { describe, expect, it } from 'vitest';
import { queueSvg, queueText, reportOf } from '../../src/simulator/index.js';
import { aRecord, aResult } from './builders.js';

const FIELDS = [
  ...['policy', 'jobs', 'queueMeanSeconds', 'queueP50Seconds', 'queueP90Seconds', 'queueP99Seconds'],
  ...['queueP999Seconds', 'queueMaxSeconds', 'responseMeanSeconds', 'responseP50Seconds'],
  ...['responseP99Seconds', 'boundedSlowdownMean', 'utilisation', 'preemptions', 'lostDeviceSeconds'],
  ...['deadlinesMet', 'costUsd', 'worstTenantSlowdown', 'cycles', 'decisionsPerSecond', 'wallSeconds'],
];
/** A job of a minute that waited for so many seconds. */
const waited = (seconds: number, over = {}) =>
  aRecord({ firstStartAtMs: seconds * 1_000, endAtMs: (seconds + 60) * 1_000, ...over });

describe('a report', () => {
  it('has exactly the published fields, in their order', () => {
    expect(Object.keys(reportOf(aResult(), 1))).toEqual(FIELDS);
  });

  it('takes the queue for what the response has beyond the time that the job takes alone', () => {
    const report = reportOf(aResult({ records: [waited(0), waited(30), waited(90)] }), 1);
    expect(report).toMatchObject({ jobs: 3, queueMeanSeconds: 40, queueP50Seconds: 30, queueMaxSeconds: 90 });
    expect(report).toMatchObject({
      responseMeanSeconds: 100,
      responseP50Seconds: 90,
      responseP99Seconds: 150,
    });
  });

  it('reads the share p of n sorted values at index ⌊p·n⌋', () => {
    const records = Array.from({ length: 1_000 }, (_, i) => waited(i));
    expect(reportOf(aResult({ records }), 1)).toMatchObject({
      queueP50Seconds: 500,
      queueP90Seconds: 900,
      queueP99Seconds: 990,
      queueP999Seconds: 999,
    });
  });

  it('counts a slowdown as 1 at least, and a job of less than ten seconds as one of ten', () => {
    const short = aRecord({ endAtMs: 40_000, idealSeconds: 1 });
    expect(reportOf(aResult({ records: [short, waited(0)] }), 1).boundedSlowdownMean).toBe(2.5);
  });

  it('tells the slowdown of the tenant that fares worst', () => {
    const records = [waited(0, { tenant: 'a' }), waited(60, { tenant: 'b' }), waited(180, { tenant: 'b' })];
    expect(reportOf(aResult({ records }), 1).worstTenantSlowdown).toBe(3);
  });

  it('gives the share of deadlines that held, and null where there are none', () => {
    const due = [waited(0, { deadlineAtMs: 60_000 }), waited(1, { deadlineAtMs: 60_000 }), waited(5)];
    expect(reportOf(aResult({ records: due }), 1).deadlinesMet).toBe(0.5);
    expect(reportOf(aResult(), 1).deadlinesMet).toBeNull();
  });

  it('sums up preemptions, lost time and cost, and relates the rest', () => {
    const records = [
      waited(0, { preemptions: 2, lostDeviceSeconds: 120, costMicroUsd: 1_500_000 }),
      waited(0, { preemptions: 1, costMicroUsd: 250_000 }),
    ];
    expect(reportOf(aResult({ records, decisions: 50 }), 0.5)).toMatchObject({
      ...{ preemptions: 3, lostDeviceSeconds: 120, costUsd: 1.75, utilisation: 0.25 },
      ...{ cycles: 2, decisionsPerSecond: 100, wallSeconds: 0.5 },
    });
  });

  it('counts only jobs that were submitted within the window', () => {
    const records = [0, 10, 20, 30].map((second) => aRecord({ submitAtMs: second * 1_000 }));
    const window = { fromMs: 10_000, toMs: 30_000 };
    expect(reportOf(aResult({ records }), 1, window).jobs).toBe(2);
  });
});

const DAY = 86_400_000;
const QUEUES = [
  {
    policy: 'default',
    note: 'first <note>',
    queueOverTime: [
      [0, 0, 0],
      [DAY, 8, 4],
      [2 * DAY, 0, 0],
    ],
  },
  {
    policy: 'fifo',
    note: 'second',
    queueOverTime: [
      [0, 16, 0],
      [2 * DAY, 16, 0],
    ],
  },
] as const;

describe('the queue over time', () => {
  it('is drawn as text, a strip for each policy on one scale', () => {
    const lines = queueText(QUEUES, 80);
    expect(lines).toHaveLength(1 + 2 * 4 + 1);
    expect(lines[2]).not.toContain('█');
    expect(lines[4]).toMatch(/^default ▏ +█+ 8 at most$/);
    expect(lines[5]).toMatch(/^ +▏█+$/);
    expect(lines[8]).toMatch(/^fifo {4}▏█+ 16 at most$/);
    expect(lines[9]).toMatch(/^ +0 h .* 24 h .* 48 h$/);
  });

  it('ends when the last one that waited is gone', () => {
    const queueOverTime = [
      [0, 4, 0],
      [DAY, 0, 9],
      [9 * DAY, 0, 0],
    ] as const;
    expect(queueText([{ policy: 'default', queueOverTime }], 80).at(-1)).toMatch(/ 0 h .* 24 h$/);
  });

  it('fits the width that there is', () => {
    for (const line of queueText(QUEUES, 60)) expect(line.length).toBeLessThanOrEqual(60);
  });

  it('is drawn as a picture: a line and a legend for each policy, whatever its text', () => {
    const svg = queueSvg(QUEUES, 'A & B');
    expect(svg.match(/<path d="M[\d.]+ [\d.]+L/g)).toHaveLength(2);
    expect(svg).toContain('A &amp; B');
    expect(svg).toContain('first &lt;note&gt;');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it.each([
    [
      'nobody waits',
      [
        [0, 0, 1],
        [10, 0, 0],
      ],
    ],
    ['there is but one moment', [[5, 3, 0]]],
    ['there is nothing', []],
  ] as const)('is drawn where %s', (_, queueOverTime) => {
    const drawn = [{ policy: 'default', note: '', queueOverTime }];
    expect(queueSvg(drawn, 'empty')).not.toMatch(/NaN|undefined|Infinity/);
    expect(queueText(drawn, 80).join('\n')).not.toMatch(/NaN|undefined|Infinity/);
  });
});
