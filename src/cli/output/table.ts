import type { Terminal } from './terminal.js';

/** One column: its title, the text of its cells, and how they look. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'left' | 'right';
  readonly paint?: (text: string, row: Row) => string;
  /** Gives way first where the terminal is narrow; its cells end in `…`. */
  readonly flexible?: boolean;
}

const GAP = 2;
const NARROWEST = 8;

/** Characters as a terminal counts them, near enough: our symbols are one column wide. */
export const textWidth = (text: string): number => [...text].length;

/** Cuts a text to a width, ending in `…` where something is gone. */
export const cut = (text: string, width: number): string =>
  width < 1
    ? ''
    : textWidth(text) <= width
      ? text
      : `${[...text]
          .slice(0, Math.max(0, width - 1))
          .join('')
          .trimEnd()}…`;

/** A table's lines, title line first: fits the terminal, and leaves out columns that are empty in every row. */
export const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], to: Terminal): string[] => {
  const shown = columns.filter(({ cell }) => rows.some((row) => cell(row) !== ''));
  const widths = fitted(shown, rows, to.width);
  const line = (
    text: (column: Column<Row>) => string,
    paint: (text: string, column: Column<Row>) => string,
  ) =>
    shown
      .map((column, i) => paint(place(text(column), widths[i] ?? 0, column.align), column))
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    line(
      ({ title }) => title,
      (text) => to.colours.dim(text),
    ),
    ...rows.map((row) =>
      line(
        ({ cell }) => oneLine(cell(row)),
        (text, { paint }) => paint?.(text, row) ?? text,
      ),
    ),
  ];
};

/** A text without line breaks. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

const place = (text: string, width: number, align: 'left' | 'right' = 'left'): string => {
  const short = cut(text, width);
  const padding = ' '.repeat(Math.max(0, width - textWidth(short)));
  return align === 'right' ? padding + short : short + padding;
};

const fitted = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): number[] => {
  const natural = columns.map(({ title, cell }) =>
    Math.max(textWidth(title), ...rows.map((row) => textWidth(oneLine(cell(row))))),
  );
  const widths = [...natural];
  let excess = widths.reduce((sum, w) => sum + w, 0) + GAP * (columns.length - 1) - width;
  const givesWay = columns.flatMap(({ flexible }, i) => (flexible ? [i] : []));
  while (excess > 0) {
    const widest = givesWay.reduce(
      (a, b) => ((widths[b] ?? 0) > (widths[a] ?? 0) ? b : a),
      givesWay[0] ?? -1,
    );
    if (widest < 0 || (widths[widest] ?? 0) <= NARROWEST) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
};
