import { describe, expect, it } from 'vitest';
import {
  type Fleet,
  type RunRecord,
  reportOf,
  type SimOptions,
  simulate,
} from '../../src/simulator/index.js';
import { aPolicy } from '../planner/policy-builders.js';
import { jobsOf } from './builders.js';

const OPTIONS: SimOptions = {
  forecast: 'oracle',
  preemption: null,
  resumeSeconds: 60,
  checkpoints: 'always',
  failureProbability: null,
  seed: 1,
};
const HOUR = 3_600;
const DAY = 24 * HOUR;

const node = (id: string, devices: number, labels: Readonly<Record<string, string>> = {}) => ({
  ...{ id, pool: 'gpu' as const, labels, fromMs: Number.NEGATIVE_INFINITY, untilMs: null },
  capacity: { devices, cores: 0, memoryBytes: 0, slots: 0 },
});
const TWO: Fleet = { nodes: [node('n', 2)] };
const HEADER = 'submit_s,run_s,gpus,tenant,priority';

const ran = (lines: string, jobs: readonly string[], fleet = TWO, header = HEADER) => {
  const policy = aPolicy(`order: []\n${lines}`);
  return simulate(jobsOf(header, ...jobs), fleet, policy, OPTIONS);
};
const startsOf = (...args: Parameters<typeof ran>) =>
  ran(...args).records.map(({ firstStartAtMs }: RunRecord) => firstStartAtMs / 1_000);

/** With these prices a device costs a dollar an hour. */
const priced = (budget: string, jobs: readonly string[]) => bounded(`budgets: { a: ${budget} }`, jobs);
const bounded = (lines: string, jobs: readonly string[]) => {
  const policy = aPolicy(`order: []\n${lines}\n`);
  const gpu = { ...policy.pools.gpu, usdPerDeviceHour: 1 };
  const result = simulate(
    jobsOf(HEADER, ...jobs),
    TWO,
    { ...policy, pools: { ...policy.pools, gpu } },
    OPTIONS,
  );
  return result;
};
const pricedStarts = (...args: Parameters<typeof priced>) =>
  priced(...args).records.map(({ firstStartAtMs }) => firstStartAtMs / 1_000);

describe('In a simulation', () => {
  it('a window holds what matches until it opens', () => {
    const nights = `windows:
  - { name: nights, when: 'task.priority == "batch"', opens: "0 22 * * *", hours: 8, heldAtMostHours: 24 }`;
    const jobs = [`${7 * HOUR},10,1,a,batch`, `${7 * HOUR},10,1,a,normal`, `${23 * HOUR},10,1,a,batch`];
    expect(startsOf(nights, jobs)).toEqual([22 * HOUR, 7 * HOUR, 23 * HOUR]);
  });
  it('nothing is held for longer than its window allows', () => {
    const nights = `windows:
  - { name: nights, when: 'task.devices >= 1', opens: "0 22 * * *", hours: 8, heldAtMostHours: 2 }`;
    expect(startsOf(nights, [`${7 * HOUR},10,1,a,batch`])).toEqual([9 * HOUR]);
  });
  it('a hold stops what matches until its time', () => {
    const moved = `holds:
  - { name: moved, when: 'task.tenant == "a"', reason: it moves, until: "1970-01-01T01:00:00Z" }`;
    expect(startsOf(moved, ['0,10,1,a,', '0,10,1,b,'])).toEqual([HOUR, 0]);
  });
  it('what a hold without an end stops never ends, and counts as unfinished', () => {
    const held = `holds:
  - { name: held, when: 'task.tenant == "a"', reason: never }`;
    const report = reportOf(ran(held, ['0,10,1,a,', '0,10,1,b,']), 1);
    expect(report).toMatchObject({ jobs: 1, unfinished: 1, queueMaxSeconds: 0, responseMeanSeconds: 10 });
  });
  it('a rule sends what matches to nodes with its labels, in its class', () => {
    const fast = `route:
  rules:
    - { name: fast, when: 'task.tenant == "a"', labels: { kind: h100 } }`;
    const fleet: Fleet = { nodes: [node('n', 2), node('quick', 2, { kind: 'h100' })] };
    const jobs = ['0,100,2,a,', '0,10,2,a,', '0,10,2,b,'];
    expect(startsOf(fast, jobs, fleet)).toEqual([0, 100, 0]);
  });
  it('a rule gives what matches another class', () => {
    const order = (rules: string) => `order: [class]\nroute: { rules: [${rules}] }`;
    const rule = `{ name: urgent, when: 'task.tenant == "b"', priorityClass: critical }`;
    const jobs = ['0,100,2,a,', '1,10,2,a,', '2,10,2,b,'];
    const starts = (rules: string) =>
      simulate(jobsOf(HEADER, ...jobs), TWO, aPolicy(order(rules)), OPTIONS).records.map(
        ({ firstStartAtMs }) => firstStartAtMs / 1_000,
      );
    expect(starts('')).toEqual([0, 100, 110]);
    expect(starts(rule)).toEqual([0, 110, 100]);
  });
  it('what a rule sends where no node is never ends', () => {
    const away = `route: { rules: [{ name: away, when: 'task.tenant == "a"', pools: [cpu] }] }`;
    expect(reportOf(ran(away, ['0,10,1,a,', '0,10,1,b,']), 1)).toMatchObject({ jobs: 1, unfinished: 1 });
  });
  it('work over its tenant’s budget waits for the next day', () => {
    const jobs = [`0,${HOUR},1,a,`, `1,${HOUR},1,a,`, `2,${HOUR},1,b,`, `3,${HOUR},1,a,`];
    expect(pricedStarts('{ usdPerDay: 1.5 }', jobs)).toEqual([0, DAY, 2, 2 * DAY]);
  });
  it('work over its tenant’s budget waits for the next month', () => {
    expect(pricedStarts('{ usdPerMonth: 1.5 }', [`0,${HOUR},1,a,`, `1,${HOUR},1,a,`])).toEqual([0, 31 * DAY]);
  });
  it('work that costs more than its budget ever has never ends', () => {
    const report = reportOf(priced('{ usdPerDay: 1.5 }', [`0,${2 * HOUR},1,a,`, '0,10,1,b,']), 1);
    expect(report).toMatchObject({ jobs: 1, unfinished: 1 });
  });
  it('a tenant holds no more at once than its quota, whatever is free', () => {
    const jobs = ['0,100,1,a,', '1,100,1,a,', '2,10,1,b,', '3,10,1,a,'];
    expect(startsOf('quotas: { a: { devices: 1 } }', jobs)).toEqual([0, 100, 2, 200]);
  });
  it('nothing more starts in an hour in which all tenants together have spent what they may', () => {
    const jobs = [`0,${HOUR},1,a,`, '1,360,1,b,', `${HOUR + 1},360,1,b,critical`];
    const starts = (lines: string) =>
      bounded(lines, jobs).records.map(({ firstStartAtMs }) => firstStartAtMs / 1_000);
    expect(starts('spending: { usdPerHour: 1 }')).toEqual([0, HOUR, HOUR + 1]);
    expect(starts('spending: { usdPerDay: 1, exempt: [critical] }')).toEqual([0, DAY, HOUR + 1]);
  });
  it('work over a budget that rejects is refused', () => {
    const result = priced('{ usdPerDay: 1.5, exhausted: reject }', [
      `0,${HOUR},1,a,`,
      `1,${HOUR},1,a,`,
      `${DAY},${HOUR},1,a,`,
    ]);
    expect(result.records.map(({ endAtMs }) => endAtMs / 1_000)).toEqual([HOUR, Number.NaN, DAY + HOUR]);
  });
});

describe('A forecast that hardly anything stands behind', () => {
  const starts = (assume: 'forecast' | 'average') => {
    const policy = aPolicy(`order: [size]\nsize: { bound: none }\nfallback: { trust: 3, assume: ${assume} }`);
    const jobs = ['0,10,1,a,', '1000,5000,2,a,', '1001,10,2,a,', '1002,10,1,a,'];
    const { records } = simulate(jobsOf(HEADER, ...jobs), TWO, policy, {
      ...OPTIONS,
      forecast: 'median',
    });
    return records.slice(-2).map(({ firstStartAtMs }) => firstStartAtMs / 1_000);
  };
  it('is believed, or its task taken for an average one, as the policy says', () => {
    expect(starts('forecast')).toEqual([6_010, 6_000]);
    expect(starts('average')).toEqual([6_000, 6_010]);
  });
});

describe('Tenants in a simulation', () => {
  it('are charged once for work that gave way and came back', () => {
    const policy = aPolicy(`order: [class, share]
preemption: { victims: lower-class, protectSeconds: 0, maxPreemptions: 9, hysteresis: 1, resumeSeconds: 0 }`);
    const jobs = [
      '0,1000,2,a,low',
      '10,5,2,c,critical',
      '20,5,2,c,critical',
      '30,5,2,c,critical',
      '40,1500,2,b,low',
      '41,100,2,a,low',
      '42,100,2,b,low',
    ];
    const { records } = simulate(jobsOf(HEADER, ...jobs), TWO, policy, { ...OPTIONS, resumeSeconds: 0 });
    const starts = records.map(({ firstStartAtMs }) => firstStartAtMs / 1_000);
    expect(starts[4]).toBe(1_015);
    expect(starts[5]).toBe(2_515);
  });
});
