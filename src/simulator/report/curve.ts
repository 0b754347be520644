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

/** The queues of results over the time in which any of them had one, as so many means. */
export const curvesOf = (
  results: readonly Pick<SimulationResult, 'policy' | 'queueOverTime'>[],
  points: number,
): Curves => {
  const fromMs = results.reduce((first, of) => Math.min(first, of.queueOverTime[0]?.[0] ?? first), Infinity);
  const toMs = results.reduce((last, of) => Math.max(last, emptyFrom(of.queueOverTime)), fromMs);
  const known = Number.isFinite(fromMs) ? { fromMs, toMs } : { fromMs: 0, toMs: 0 };
  const curves = results.map(({ policy, queueOverTime }) => ({
    policy,
    values: meansOf(queueOverTime, known, points),
  }));
  const highest = curves.reduce((top, { values }) => values.reduce((a, b) => Math.max(a, b), top), 0);
  return { ...known, highest, curves };
};

/** When the last one that waited was gone: what runs on after that is no queue. The end where nobody ever waited. */
const emptyFrom = (samples: readonly QueueSample[]): number => {
  const last = samples.findLastIndex(([, waiting]) => waiting > 0);
  return (last < 0 ? samples.at(-1) : (samples[last + 1] ?? samples[last]))?.[0] ?? Number.NEGATIVE_INFINITY;
};

/** A sample holds until the next one: each mean weighs what lies in its stretch by how long it held. */
const meansOf = (
  samples: readonly QueueSample[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  points: number,
): readonly number[] => {
  const stretchMs = Math.max(toMs - fromMs, 1) / points;
  const held = new Array<number>(points).fill(0);
  samples.forEach(([atMs, waiting], i) => {
    let at = atMs;
    const end = Math.min(toMs, samples[i + 1]?.[0] ?? toMs);
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
