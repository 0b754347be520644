import type { Features } from '../../domain/index.js';
import type { TraceRow } from '../../forecast/index.js';
import { numberIn } from './cells.js';
import type { Mistakes } from './mistakes.js';

/** A table as it was read: its columns in order, its rows with their lines, and the file that it came from. */
export interface Table {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly TraceRow[];
}

/** Notes which of the columns a table lacks; false where it lacks one, so that no row can be read. */
export const hasColumns = (table: Table, needed: readonly string[], mistakes: Mistakes): boolean => {
  const missing = needed.filter((name) => !table.columns.includes(name));
  for (const name of missing) {
    mistakes.add({
      ...{ file: table.file, line: 1, path: name },
      message: `there is no column '${name}'; there are ${table.columns.map((column) => `'${column}'`).join(', ')}`,
      mend: 'name the columns in the first line',
    });
  }
  if (missing.length === 0 && table.rows.length === 0)
    mistakes.add({
      file: table.file,
      line: 1,
      path: '',
      message: 'there are no rows',
      mend: 'give at least one',
    });
  return missing.length === 0 && table.rows.length > 0;
};

/** Reads columns as features: numbers where all filled cells of the column are numbers, else categories; empty cells are left out. */
export const featureReader = (
  rows: readonly TraceRow[],
  columns: readonly string[],
): ((row: TraceRow) => Features) => {
  const numeric = new Set(columns);
  for (const { cells } of rows)
    for (const name of numeric) {
      const cell = cells[name] ?? '';
      if (cell !== '' && !Number.isFinite(numberIn(cell))) numeric.delete(name);
    }
  return ({ cells }) => {
    const features: Record<string, number | string> = {};
    for (const name of columns) {
      const cell = cells[name] ?? '';
      if (cell !== '') features[name] = numeric.has(name) ? numberIn(cell) : cell;
    }
    return features;
  };
};
