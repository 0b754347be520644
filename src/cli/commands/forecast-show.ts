import { writeFile } from 'node:fs/promises';
import type { Forecaster, Settled } from '../../api/client/index.js';
import { type RuntimeScores, scoreRuntimes } from '../../forecast/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { count, duration } from '../output/format.js';
import { scatterSvg, scatterText } from '../output/scatter.js';
import { type Column, table } from '../output/table.js';
import { note, printJson, terminal } from '../output/terminal.js';
import { byTask } from './settled.js';

interface ShowOptions extends ApiOptions {
  readonly pipeline?: string;
  readonly limit: number;
  readonly svg?: string;
}

interface Line {
  readonly pipeline: string;
  readonly task: string;
  readonly scores: Pick<RuntimeScores, 'n' | 'medianAeSeconds' | 'p90Coverage' | 'spearman'>;
  /** The median of actual over forecast: above 1 where tasks take longer than forecast. */
  readonly bias: number | null;
  readonly model: string;
}

/** `signalbox forecast show [TASK]`: what the forecasts that tasks were placed by were worth, with a plot of one task. */
export const showForecasts = async (task: string | undefined, options: ShowOptions): Promise<void> => {
  const { pipeline, limit, svg } = options;
  const query = { limit, ...(task === undefined ? {} : { task }), ...(pipeline ? { pipeline } : {}) };
  const client = openClient(options);
  const [{ attempts }, forecaster] = await Promise.all([client.listSettled(query), client.forecaster()]);
  const done = attempts.filter(({ outcome, ranSeconds }) => outcome === 'succeeded' && ranSeconds > 0);
  if (svg !== undefined && done.length > 0)
    await writeFile(svg, scatterSvg(done.map(point), titleOf(task), duration));
  const lines = byTask(done).map(lineOf);
  if (options.json) return printJson({ tasks: lines, forecaster });
  const to = terminal();
  if (done.length === 0) note('No attempt has succeeded yet; forecasts are judged by those.');
  else for (const line of table(COLUMNS, lines, to)) to.print(line);
  if (task !== undefined && done.length > 0)
    for (const line of ['', ...scatterText(done.map(point), duration), '']) to.print(line);
  to.print(learned(forecaster));
  if (svg !== undefined && done.length > 0) note(`The plot is in ${svg}.`);
};

const learned = ({ version, observations, doubtfulRuntimes, doubtfulFeatures }: Forecaster): string =>
  `Learned from ${count(observations, 'attempt')} (state ${version}); ` +
  `${count(doubtfulRuntimes, 'doubtful runtime')} and ${count(doubtfulFeatures, 'doubtful feature')} were set aside.`;

const titleOf = (task: string | undefined): string => `Forecast against actual: ${task ?? 'all tasks'}`;

const point = ({ forecast, ranSeconds }: Settled) => ({
  p50: forecast.p50Seconds,
  p90: forecast.p90Seconds,
  actual: ranSeconds,
});

const lineOf = (attempts: readonly [Settled, ...Settled[]]): Line => {
  const [newest] = attempts;
  const points = attempts.map(point);
  const { n, medianAeSeconds, p90Coverage, spearman } = scoreRuntimes(
    points.map(({ p50, p90, actual }) => ({ p50, p90, actual, low: p50, high: p90 })),
  );
  const ratios = points.map(({ p50, actual }) => actual / p50).sort((a, b) => a - b);
  return {
    pipeline: newest.pipeline,
    task: newest.task,
    scores: { n, medianAeSeconds, p90Coverage, spearman },
    bias: ratios[ratios.length >> 1] ?? null,
    model: newest.forecast.model,
  };
};

const COLUMNS: readonly Column<Line>[] = [
  { title: 'PIPELINE', cell: ({ pipeline }) => pipeline, flexible: true },
  { title: 'TASK', cell: ({ task }) => task },
  { title: 'RUNS', align: 'right', cell: ({ scores }) => `${scores.n}` },
  { title: 'MEDIAN ERROR', align: 'right', cell: ({ scores }) => duration(scores.medianAeSeconds ?? 0) },
  { title: 'ACTUAL/FORECAST', align: 'right', cell: ({ bias }) => bias?.toFixed(2) ?? '' },
  { title: '≤ P90', align: 'right', cell: ({ scores }) => percent(scores.p90Coverage) },
  { title: 'MODEL', cell: ({ model }) => model },
];

const percent = (share: number | null): string => (share === null ? '' : `${Math.round(share * 100)}%`);
