import { readFileSync } from 'node:fs';
import type { RunOutlook } from '../../src/domain/index.js';
import { type Policy, readPolicy } from '../../src/planner/index.js';
import { type Fleet, type SimRun, simulate } from '../../src/simulator/index.js';

/** A policy that ships. */
export const shipped = (name: string): Policy =>
  readPolicy(readFileSync(new URL(`../../policies/${name}.yaml`, import.meta.url), 'utf8'));

/** Numbers between 0 and 1 from a seed (mulberry32). */
const randomFrom = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** Sixteen devices on four nodes. */
export const FLEET: Fleet = {
  nodes: ['a', 'b', 'c', 'd'].map((id) => ({
    id,
    pool: 'gpu',
    capacity: { devices: 4, cores: 0, memoryBytes: 0, slots: 0 },
    labels: {},
    fromMs: Number.NEGATIVE_INFINITY,
    untilMs: null,
  })),
};

/** Six kinds of runs, of one step or three in a row, with log-normal runtimes, that come at random at this load. */
export const aWorkload = (count: number, load: number, seed: number): readonly SimRun[] => {
  const random = randomFrom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const kinds = [60, 200, 600, 1_800, 3_600, 7_200].map((seconds, index) => ({
    seconds,
    name: `kind-${index}`,
    devices: [1, 1, 2, 1, 4, 2][index] ?? 1,
    steps: index % 2 === 0 ? 1 : 3,
    share: [6, 5, 4, 2, 1, 0.5][index] ?? 1,
  }));
  const shares = kinds.reduce((sum, { share }) => sum + share, 0);
  const meanWork = kinds.reduce(
    (sum, { seconds, devices, share }) => sum + (share / shares) * seconds * devices * Math.exp(0.3 ** 2 / 2),
    0,
  );
  let atMs = 0;
  return Array.from({ length: count }, (_, index): SimRun => {
    atMs += (-Math.log(1 - random()) * meanWork * 1_000) / (16 * load);
    const { name, devices, steps, seconds } = pick(random() * shares, kinds);
    return {
      id: `${name}:${index}`,
      pipeline: name,
      tenant: index % 3 === 0 ? 'a' : 'b',
      priorityClass: (['normal', 'normal', 'high', 'low'] as const)[Math.floor(random() * 4)] ?? 'normal',
      submitAtMs: atMs,
      deadlineAtMs: null,
      tasks: Array.from({ length: steps }, (_, step) => ({
        name: `step-${step}`,
        type: `step-${step}`,
        pool: 'gpu',
        resources: { devices, cores: 0, memoryBytes: 0, slots: 0 },
        runSeconds: (seconds / steps) * Math.exp(0.3 * normal()),
        features: {},
        needs: step === 0 ? [] : [step - 1],
        spans: false,
      })),
    };
  });
};

/** The kind in whose share a number falls. */
const pick = <Kind extends { readonly share: number }>(
  at: number,
  [first, ...others]: readonly Kind[],
): Kind => {
  if (first === undefined) throw new Error('There is no kind.');
  return others.length === 0 || at < first.share ? first : pick(at - first.share, others);
};

/** What was forecast of each run as it arrived, beside what became of it. */
export const foresight = (policy: Policy, runs: readonly SimRun[], asking = true) => {
  const forecasts = new Map<number, RunOutlook>();
  const { records } = simulate({ runs, history: [] }, FLEET, policy, {
    forecast: 'learned',
    preemption: null,
    resumeSeconds: 60,
    checkpoints: 'always',
    failureProbability: null,
    seed: 1,
    ...(asking ? { onForecast: (index, forecast) => void forecasts.set(index, forecast) } : {}),
  });
  return records.map((record) => {
    const forecast = forecasts.get(record.index) ?? NOT_ASKED;
    return { record, forecast };
  });
};

const NOT_ASKED: RunOutlook = {
  startAtMs: { p50: 0, p90: 0 },
  finishAtMs: { p50: 0, p90: 0 },
  deadline: 'none',
  costMicroUsd: { p50: 0, p90: 0 },
  inTheWay: [],
};

/** The share of forecasts that held. */
export const share = <Item>(items: readonly Item[], holds: (item: Item) => boolean): number =>
  items.filter(holds).length / items.length;
