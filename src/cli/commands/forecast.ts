import { SignalboxError } from '../../domain/index.js';
import { type EvaluationReport, evaluate, readTrace, type TraceColumns } from '../../forecast/index.js';
import { type Column, table } from '../output/table.js';
import { printJson, terminal } from '../output/terminal.js';
import { readCsv } from '../trace/read-csv.js';

/** The options of `signalbox forecast evaluate`. */
export interface EvaluateOptions {
  readonly time?: string;
  readonly target: string;
  readonly key?: readonly string[];
  readonly features?: readonly string[];
  readonly group?: string;
  readonly outcome?: string;
  readonly success?: string;
  readonly split: number;
  readonly online?: boolean;
  readonly seed: number;
  readonly json?: boolean;
}

/** `signalbox forecast evaluate FILE`: how well runtimes and failures of a trace would have been forecast. */
export const evaluateTrace = async (file: string, options: EvaluateOptions): Promise<void> => {
  const columns = columnsOf(options);
  const csv = await readCsv(file);
  checkColumns(csv.columns, columns, file);
  const trace = readTrace(csv.rows, columns, options.seed, file);
  const report = evaluate(trace, {
    split: options.split,
    online: options.online ?? false,
    failures: columns.outcome !== undefined,
  });
  if (options.json) return printJson(report);
  const to = terminal();
  for (const line of table(COLUMNS, Object.entries(report.forecasters), to)) to.print(line);
  const { train, test, doubtful } = report.rows;
  to.print(`${train} rows to train on, ${test} to forecast, ${doubtful} without a usable runtime`);
};

const columnsOf = ({
  time,
  target,
  key,
  features,
  group,
  outcome,
  success,
}: EvaluateOptions): TraceColumns => {
  if (time === undefined && group === undefined)
    throw invalid('Give --time, or --group where there is none.');
  if ((outcome === undefined) !== (success === undefined))
    throw invalid('Give --outcome and --success together.');
  return {
    target,
    keys: key ?? [],
    ...(time === undefined ? {} : { time }),
    ...(features === undefined ? {} : { features }),
    ...(group === undefined ? {} : { group }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(success === undefined ? {} : { success }),
  };
};

const checkColumns = (present: readonly string[], columns: TraceColumns, file: string): void => {
  const { time, target, group, outcome, keys, features } = columns;
  const named = [time, target, group, outcome, ...keys, ...(features ?? [])].filter(
    (name) => name !== undefined,
  );
  const missing = named.filter((name) => !present.includes(name));
  if (missing.length === 0) return;
  throw invalid(
    `${file} has no column ${missing.map(quoted).join(', ')}; it has ${present.map(quoted).join(', ')}.`,
  );
};

const quoted = (name: string): string => `'${name}'`;
const invalid = (message: string): SignalboxError => new SignalboxError('invalid-option', message);

type Line = [name: string, scores: EvaluationReport['forecasters'][string]];

const number = (
  title: string,
  of: (scores: Line[1]) => number | null | undefined,
  digits: number,
): Column<Line> => ({
  title,
  align: 'right',
  cell: ([, scores]) => of(scores)?.toFixed(digits) ?? '',
});

const COLUMNS: readonly Column<Line>[] = [
  { title: 'forecaster', cell: ([name]) => name },
  number('n', (s) => s.n, 0),
  number('MAE s', (s) => s.maeSeconds, 1),
  number('median AE s', (s) => s.medianAeSeconds, 2),
  number('R² log', (s) => s.r2Log, 3),
  number('Spearman', (s) => s.spearman, 3),
  number('in 90%', (s) => s.coverage90, 3),
  number('≤ P90', (s) => s.p90Coverage, 3),
  number('hi/lo', (s) => s.intervalRatio, 2),
  number('AUC', (s) => s.auc, 3),
  number('AP', (s) => s.averagePrecision, 3),
  number('Brier', (s) => s.brier, 4),
];
