import { type Problem, SignalboxError } from '../domain/index.js';
import { type Case, cleanCase } from './case.js';
import type { Attempt } from './learner.js';
import { seededRandom } from './random.js';

/** One row of a table, and the line of the file where it stands. */
export interface TraceRow {
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** What each column of a trace means. Columns not named otherwise are features unless `features` names them. */
export interface TraceColumns {
  /** When a row began: seconds, or a date-time (UTC where it names no zone). */
  readonly time?: string;
  /** How long it ran, in seconds. */
  readonly target: string;
  readonly keys: readonly string[];
  readonly features?: readonly string[];
  /** Rows of one group belong together: where there is no time, groups follow one another in a seeded order. */
  readonly group?: string;
  readonly outcome?: string;
  /** The outcome that counts as success; needed with `outcome`. */
  readonly success?: string;
}

/** One row as a forecaster meets it. */
export interface TraceEntry {
  readonly case: Case;
  readonly attempt: Attempt;
  /** Which group of the seeded order it belongs to; undefined where there is a time. */
  readonly group?: number;
}

/** A trace in order, and how many of its rows had no usable runtime. */
export interface Trace {
  readonly entries: readonly TraceEntry[];
  readonly doubtful: number;
}

/** Without a time a group lasts this long (35 years): longer than any of its rows, so that all end before the next. */
const GROUP_MS = 2 ** 40;
/** How many mistakes are worth listing. */
const MAX_PROBLEMS = 10;

/** Reads rows as a trace. Throws `invalid-document`, naming lines, for numbers and times that are none. */
export function readTrace(
  rows: readonly TraceRow[],
  columns: TraceColumns,
  seed: number,
  file: string,
): Trace {
  const problems: Problem[] = [];
  const report = (row: TraceRow, column: string, expected: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(badCell(row, column, expected, file));
  };
  const numeric = numericColumns(rows, columns);
  const order = columns.time === undefined ? groupOrder(rows, columns.group ?? '', seed) : undefined;
  const entries = rows.map((row): TraceEntry => {
    const group = order?.get(row.cells[columns.group ?? ''] ?? '');
    const startMs = group === undefined ? startOf(row, columns.time ?? '', report) : group * GROUP_MS;
    const attempt = attemptOf(row, columns, startMs, group, report);
    return { case: caseOf(row, columns, numeric), attempt, ...(group === undefined ? {} : { group }) };
  });
  if (problems.length > 0) {
    throw new SignalboxError('invalid-document', `${file} has cells that cannot be read.`, problems);
  }
  const doubtful = entries.filter((entry) => entry.attempt.seconds === undefined).length;
  return { entries: entries.toSorted((a, b) => a.attempt.startMs - b.attempt.startMs), doubtful };
}

type Report = (row: TraceRow, column: string, expected: string) => void;

const badCell = ({ line, cells }: TraceRow, column: string, expected: string, file: string): Problem => ({
  path: column,
  message: `${JSON.stringify(cells[column]?.slice(0, 60) ?? '')} is not ${expected}`,
  mend: `Give ${expected}, or leave the row out.`,
  file,
  line,
});

/** The columns whose every filled cell is a number: those become numbers, all others categories. */
function numericColumns(rows: readonly TraceRow[], columns: TraceColumns): ReadonlySet<string> {
  const candidates = new Set([...featureNames(rows[0]?.cells ?? {}, columns), ...columns.keys]);
  for (const { cells } of rows) {
    for (const name of candidates) if (Number.isNaN(numberOf(cells[name] ?? ''))) candidates.delete(name);
  }
  return candidates;
}

function featureNames(cells: TraceRow['cells'], columns: TraceColumns): readonly string[] {
  if (columns.features !== undefined) return columns.features;
  const { time, target, group, outcome, keys } = columns;
  const taken = new Set([time, target, group, outcome, ...keys]);
  return Object.keys(cells).filter((name) => !taken.has(name));
}

/** A cell's number; 0 for an empty cell, which is missing and not wrong; NaN for what is no number. */
const numberOf = (cell: string): number => (/^0[xob]/i.test(cell.trim()) ? Number.NaN : Number(cell));

function caseOf({ cells }: TraceRow, columns: TraceColumns, numeric: ReadonlySet<string>): Case {
  const features: Record<string, number | string> = Object.create(null);
  for (const name of featureNames(cells, columns)) {
    const cell = cells[name] ?? '';
    if (cell !== '') features[name] = numeric.has(name) ? numberOf(cell) : cell;
  }
  for (const name of columns.keys) {
    const cell = cells[name] ?? '';
    features[name] = cell;
    if (cell !== '' && numeric.has(name)) features[`${name} as a number`] = numberOf(cell);
  }
  const path = columns.keys.map((name) => cells[name] ?? '');
  const keys = path.map((_, i) => JSON.stringify(path.slice(0, path.length - i)));
  return cleanCase(keys, features).case;
}

function startOf(row: TraceRow, time: string, report: Report): number {
  const cell = row.cells[time]?.trim() ?? '';
  const seconds = cell === '' ? Number.NaN : Number(cell);
  if (Number.isFinite(seconds)) return seconds * 1000;
  const atMs = Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(cell) ? cell : `${cell.replace(' ', 'T')}Z`);
  if (Number.isNaN(atMs)) report(row, time, 'a number of seconds or a date-time');
  return atMs;
}

/** Words that programs write for numbers that are none: doubtful, not wrong. */
const NO_NUMBER = /^(|[+-]?(nan|inf|infinity)|na|null|none)$/i;

function attemptOf(
  row: TraceRow,
  columns: TraceColumns,
  startMs: number,
  group: number | undefined,
  report: Report,
): Attempt {
  const cell = row.cells[columns.target]?.trim() ?? '';
  const value = NO_NUMBER.test(cell) ? 0 : numberOf(cell);
  if (Number.isNaN(value)) report(row, columns.target, 'a number of seconds');
  const seconds = value > 0 && value < 1e9 ? value : undefined;
  const endMs = group === undefined ? startMs + (seconds ?? 0) * 1000 : (group + 1) * GROUP_MS;
  const { outcome, success } = columns;
  const failed = outcome !== undefined && row.cells[outcome] !== success;
  return { startMs, endMs, seconds, ended: failed ? 'failed' : 'succeeded' };
}

/** Which place each group has, shuffled by the seed (Fisher and Yates). */
function groupOrder(rows: readonly TraceRow[], column: string, seed: number): ReadonlyMap<string, number> {
  const names = [...new Set(rows.map(({ cells }) => cells[column] ?? ''))];
  const random = seededRandom(seed);
  for (let i = names.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [names[i], names[j]] = [names[j] as string, names[i] as string];
  }
  return new Map(names.map((name, i) => [name, i]));
}
