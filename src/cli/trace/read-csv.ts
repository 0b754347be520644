import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { SignalboxError } from '../../domain/index.js';
import type { TraceRow } from '../../forecast/index.js';
import { plainText, unreadable } from './plain-text.js';

/** A CSV file, read: its column names in order, and its rows. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly TraceRow[];
}

/** Reads a CSV file with a header row, gzipped or not. Throws `unreadable-file` with the line, or `invalid-trace`. */
export const readCsv = async (file: string): Promise<CsvTable> => {
  const rows: TraceRow[] = [];
  let columns: readonly string[] = [];
  const parser = parse({
    bom: true,
    info: true,
    skip_empty_lines: true,
    columns: (header: string[]) => {
      columns = uniqueNames(header, file);
      return header;
    },
  });
  parser.on('data', ({ record, info }: { record: Record<string, string>; info: { lines: number } }) => {
    rows.push({ line: info.lines, cells: record });
  });
  try {
    await pipeline([...(await plainText(file)), parser]);
  } catch (error) {
    throw readable(error, file);
  }
  if (rows.length === 0) throw new SignalboxError('invalid-trace', `${file} has no rows.`);
  return { columns, rows };
};

const uniqueNames = (header: readonly string[], file: string): readonly string[] => {
  const twice = header.find((name, i) => header.indexOf(name) !== i);
  if (twice === undefined) return header;
  throw new SignalboxError('invalid-trace', `${file} has two columns named '${twice}'.`);
};

/** What went wrong in a reader's words: no such file, broken compression, or a line that is no CSV. */
const readable = (error: unknown, file: string): unknown =>
  error instanceof CsvError
    ? new SignalboxError('unreadable-file', `${file} cannot be read: ${error.message}`, [], { cause: error })
    : unreadable(error, file);
