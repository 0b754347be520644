import type { PolicyReport } from '../../simulator/index.js';
import { duration } from '../output/format.js';
import { type Column, table } from '../output/table.js';
import type { Terminal } from '../output/terminal.js';

/** One measure of all policies. */
interface Line {
  readonly title: string;
  readonly cells: readonly string[];
}

type Measure = readonly [title: string, cell: (report: PolicyReport) => string];

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
/** Dollars and cents beside one another in a column. */
const usd = (value: number): string =>
  `$${value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

const MEASURES: readonly Measure[] = [
  ['jobs', ({ jobs }) => whole(jobs)],
  ['never ended', ({ unfinished }) => (unfinished === undefined ? '–' : whole(unfinished))],
  ['queue, mean', (of) => duration(of.queueMeanSeconds)],
  ['  p50', (of) => duration(of.queueP50Seconds)],
  ['  p90', (of) => duration(of.queueP90Seconds)],
  ['  p99', (of) => duration(of.queueP99Seconds)],
  ['  p99.9', (of) => duration(of.queueP999Seconds)],
  ['  longest', (of) => duration(of.queueMaxSeconds)],
  ['response, mean', (of) => duration(of.responseMeanSeconds)],
  ['  p50', (of) => duration(of.responseP50Seconds)],
  ['  p99', (of) => duration(of.responseP99Seconds)],
  ['bounded slowdown', (of) => of.boundedSlowdownMean.toFixed(1)],
  ['worst tenant', (of) => of.worstTenantSlowdown.toFixed(1)],
  ['utilisation', (of) => percent(of.utilisation)],
  ['preemptions', (of) => whole(of.preemptions)],
  ['device time lost', (of) => duration(of.lostDeviceSeconds)],
  ['deadlines met', (of) => (of.deadlinesMet === null ? '–' : percent(of.deadlinesMet))],
  ['cost', (of) => usd(of.costUsd)],
  ['decisions a second', (of) => (of.cycles === 0 ? '–' : whole(of.decisionsPerSecond))],
  ['simulated in', (of) => (of.cycles === 0 ? '–' : `${of.wallSeconds.toFixed(1)}s`)],
];

/** Policies side by side, a measure a line. */
export const sideBySide = (reports: readonly PolicyReport[], to: Terminal): readonly string[] => {
  const columns: readonly Column<Line>[] = [
    { title: '', cell: ({ title }) => title },
    ...reports.map(
      ({ policy }, i): Column<Line> => ({
        title: policy,
        align: 'right',
        cell: ({ cells }) => cells[i] ?? '',
        flexible: true,
      }),
    ),
  ];
  const lines = MEASURES.map(([title, cell]): Line => ({ title, cells: reports.map(cell) }));
  return table(columns, lines, to);
};
