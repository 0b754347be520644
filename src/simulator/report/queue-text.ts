import type { SimulationResult } from '../workload/types.js';
import { type Curve, type Curves, curvesOf } from './curve.js';
import { timeTicks } from './ticks.js';

const HEIGHT = 4;
/** Room beside a strip for its highest value in words. */
const BESIDE = 20;
const BLOCKS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** The queue over time as text, one strip per policy on the same scale, as wide as there is room for. */
export const queueText = (
  results: readonly Pick<SimulationResult, 'policy' | 'queueOverTime'>[],
  width: number,
): readonly string[] => {
  const names = Math.max(...results.map(({ policy }) => policy.length), 'waiting'.length);
  const points = Math.max(20, Math.min(100, width - names - BESIDE));
  const curves = curvesOf(results, points);
  const strips = curves.curves.flatMap((curve) => strip(curve, curves, names));
  return ['Waiting tasks over time, all on one scale', ...strips, axis(curves, points, names)];
};

const strip = ({ policy, values }: Curve, { highest }: Curves, names: number): readonly string[] => {
  const peak = Math.round(values.reduce((a, b) => Math.max(a, b), 0)).toLocaleString('en');
  return Array.from({ length: HEIGHT }, (_, row) => {
    const floor = (HEIGHT - 1 - row) * 8;
    const cells = values.map((value) => block(value, highest, floor)).join('');
    const label = row === HEIGHT - 1 ? policy : '';
    return `${label.padEnd(names)} ▏${cells.trimEnd()}${row === HEIGHT - 1 ? ` ${peak} at most` : ''}`;
  });
};

/** A value's part in a row of a strip: eighths above its floor; a trace of a queue is shown as one eighth. */
const block = (value: number, highest: number, floor: number): string => {
  const eighths = value > 0 ? Math.max(1, Math.round((value / highest) * HEIGHT * 8)) : 0;
  return BLOCKS[Math.max(0, Math.min(8, eighths - floor))] ?? ' ';
};

const axis = ({ fromMs, toMs }: Curves, points: number, names: number): string => {
  const line = new Array<string>(points + BESIDE).fill(' ');
  let free = 0;
  for (const { atMs, name } of timeTicks(toMs - fromMs)) {
    const at = Math.round((atMs / Math.max(1, toMs - fromMs)) * (points - 1));
    if (at < free) continue;
    [...name].forEach((character, i) => {
      line[at + i] = character;
    });
    free = at + name.length + 2;
  }
  return `${' '.repeat(names + 2)}${line.join('').trimEnd()}`;
};
