import type { SimulationResult } from '../workload/types.js';
import { type Curve, type Curves, curvesOf } from './curve.js';
import { ticksTo, timeTicks } from './ticks.js';

/** A policy's curve with a line on what it made of the jobs, for the legend. */
export interface Drawn extends Pick<SimulationResult, 'policy' | 'queueOverTime'> {
  readonly note: string;
}

const WIDTH = 960;
const PLOT = { left: 72, right: 936, top: 72, height: 340 };
const POINTS = 432;
const ROW = 22;
/** Told apart by colour-blind readers too (Okabe and Ito 2008). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#555555'];
const GREY = '#5c6470';

/** The queue over time as a picture: one line per policy, its axes and a legend with each policy's note. */
export const queueSvg = (drawn: readonly Drawn[], title: string): string => {
  const curves = curvesOf(drawn, POINTS);
  const top = ticksTo(curves.highest).at(-1) ?? 1;
  const height = PLOT.top + PLOT.height + 56 + ROW * drawn.length + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="13" fill="#1c2430">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="${PLOT.left}" y="32" font-size="18" font-weight="600">${escaped(title)}</text>`,
    `<text x="${PLOT.left}" y="54" fill="${GREY}">waiting tasks</text>`,
    ...waitingAxis(curves.highest, top),
    ...timeAxis(curves),
    ...curves.curves.map((curve, i) => line(curve, top, colour(i))),
    ...drawn.flatMap((of, i) => legend(of, i)),
    '</svg>',
    '',
  ].join('\n');
};

const bottom = PLOT.top + PLOT.height;
const colour = (i: number): string => COLOURS[i % COLOURS.length] as string;
const fixed = (value: number): string => `${Number(value.toFixed(1))}`;
const across = (share: number): string => fixed(PLOT.left + share * (PLOT.right - PLOT.left));
const upward = (share: number): string => fixed(bottom - share * PLOT.height);

const waitingAxis = (highest: number, top: number): readonly string[] =>
  ticksTo(highest).flatMap((value) => {
    const y = upward(value / top);
    return [
      `<path d="M${PLOT.left} ${y}H${PLOT.right}" stroke="${value === 0 ? GREY : '#e3e6ea'}"/>`,
      `<text x="${PLOT.left - 10}" y="${y}" dy="0.35em" text-anchor="end" fill="${GREY}">${value.toLocaleString('en')}</text>`,
    ];
  });

const timeAxis = ({ fromMs, toMs }: Curves): readonly string[] =>
  timeTicks(toMs - fromMs).flatMap(({ atMs, name }) => {
    const x = across(atMs / Math.max(1, toMs - fromMs));
    return [
      `<path d="M${x} ${bottom}v5" stroke="${GREY}"/>`,
      `<text x="${x}" y="${bottom + 22}" text-anchor="middle" fill="${GREY}">${name}</text>`,
    ];
  });

const line = ({ values }: Curve, top: number, stroke: string): string => {
  const points = values.map((value, i) => `${across((i + 0.5) / values.length)} ${upward(value / top)}`);
  return `<path d="M${points.join('L')}" fill="none" stroke="${stroke}" stroke-width="1.6" stroke-linejoin="round"/>`;
};

const legend = ({ policy, note }: Drawn, i: number): readonly string[] => {
  const y = bottom + 56 + i * ROW;
  return [
    `<path d="M${PLOT.left} ${y}h24" stroke="${colour(i)}" stroke-width="3"/>`,
    `<text x="${PLOT.left + 34}" y="${y}" dy="0.35em"><tspan font-weight="600">${escaped(policy)}</tspan>` +
      `<tspan dx="10" fill="${GREY}">${escaped(note)}</tspan></text>`,
  ];
};

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? '&quot;');
