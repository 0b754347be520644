import type { TraceRow } from '../../forecast/index.js';
import type { Mistakes } from './mistakes.js';

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A cell's number; NaN for an empty cell and all that is no plain decimal number. */
export const numberIn = (cell: string): number => (NUMBER.test(cell.trim()) ? Number(cell) : Number.NaN);

/** What a cell must hold, in words and as a test. */
export interface Expected {
  readonly words: string;
  readonly holds: (value: number) => boolean;
}

/** Seconds up to some thirty years, beyond which nothing that runs is meant. */
export const SECONDS: Expected = {
  words: 'a number of seconds from 0 to 1e9',
  holds: (value) => value >= 0 && value <= 1e9,
};
/** A moment in seconds; up to the year 33658, so that milliseconds stay exact. */
export const MOMENT: Expected = {
  words: 'a time in seconds, 0 or later',
  holds: (value) => value >= 0 && value <= 1e12,
};
/** A number of devices. */
export const DEVICES: Expected = {
  words: 'a whole number of devices, at least 1',
  holds: (value) => Number.isInteger(value) && value >= 1,
};

/** The cells of one file: each is read as what it must hold, or noted as a mistake with its line. */
export class Cells {
  constructor(
    private readonly file: string,
    private readonly mistakes: Mistakes,
  ) {}

  /** A cell's number; NaN, and a mistake noted, where it is none or not as expected. */
  number({ line, cells }: TraceRow, column: string, expected: Expected): number {
    const cell = cells[column] ?? '';
    const value = numberIn(cell);
    if (expected.holds(value)) return value;
    this.wrong(line, column, `${said(cell)} is not ${expected.words}`, `give ${expected.words}`);
    return Number.NaN;
  }

  /** Notes a mistake in a line. */
  wrong(line: number, column: string, message: string, mend: string): void {
    this.mistakes.add({ file: this.file, line, path: column, message, mend });
  }
}

/** A cell's text as a message quotes it. */
export const said = (cell: string): string =>
  cell.trim() === '' ? 'an empty cell' : JSON.stringify(cell.slice(0, 60));
