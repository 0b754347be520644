import type { QueueSample, SimulationResult } from '../workload/types.js';

/** Waiting tasks over equal stretches of time: the mean of each. */
export interface Curve {
  readonly policy: string;
  readonly values: readonly number[];
}

/** Curves over one time axis, for a plot of several policies. */
export interface Curves {
  readonly fromMs: number;
  readonly toMs: number;
  readonly highest: number;
  readonly curves: readonly Curve[];
}

/** The queues of results over the time that they share, as so many means. */
export const curvesOf = (
  results: readonly Pick<SimulationResult, 'policy' | 'queueOverTime'>[],
  points: number,
): Curves => {
  const times = results.flatMap(({ queueOverTime }) => [queueOverTime[0]?.[0], queueOverTime.at(-1)?.[0]]);
  const known = times.filter((time) => time !== undefined);
  const fromMs = known.reduce((a, b) => Math.min(a, b), known[0] ?? 0);
  const toMs = known.reduce((a, b) => Math.max(a, b), fromMs);
  const curves = results.map(({ policy, queueOverTime }) => ({
    policy,
    values: meansOf(queueOverTime, fromMs, toMs, points),
  }));
  const highest = curves.reduce((top, { values }) => values.reduce((a, b) => Math.max(a, b), top), 0);
  return { fromMs, toMs, highest, curves };
};

/** A sample holds until the next one: each mean weighs what lies in its stretch by how long it held. */
const meansOf = (
  samples: readonly QueueSample[],
  fromMs: number,
  toMs: number,
  points: number,
): readonly number[] => {
  const stretchMs = Math.max(toMs - fromMs, 1) / points;
  const held = new Array<number>(points).fill(0);
  samples.forEach(([atMs, waiting], i) => {
    let at = atMs;
    const end = samples[i + 1]?.[0] ?? toMs;
    while (at < end) {
      const point = Math.min(points - 1, Math.floor((at - fromMs) / stretchMs));
      const until = point === points - 1 ? end : Math.min(end, fromMs + (point + 1) * stretchMs);
      held[point] = (held[point] ?? 0) + waiting * (until - at);
      if (until <= at) break;
      at = until;
    }
  });
  return held.map((total) => total / stretchMs);
};
