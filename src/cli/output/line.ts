import { cut, oneLine, textWidth } from './table.js';

/** A piece of a line and how it is painted. */
export type Piece = readonly [text: string, paint?: (text: string) => string];

/** Sets pieces after one another and cuts what goes beyond the width: a line that wraps could not be redrawn. */
export const line = (pieces: readonly Piece[], width: number): string => {
  let room = width;
  let text = '';
  for (const [piece, paint] of pieces) {
    const fitting = cut(piece.replaceAll('\n', ' '), room);
    text += paint && fitting !== '' ? paint(fitting) : fitting;
    room -= textWidth(fitting);
  }
  return text.trimEnd();
};

/** Breaks a sentence into lines of a width, all but the first indented by the second margin. */
export const wrap = (sentence: string, width: number, first: string, others: string): string[] => {
  const lines: string[] = [];
  let current = first;
  for (const word of oneLine(sentence).split(' ')) {
    const isEmpty = current === first || current === others;
    if (!isEmpty && textWidth(current) + 1 + textWidth(word) > width) {
      lines.push(current);
      current = others + word;
    } else current += isEmpty ? word : ` ${word}`;
  }
  return [...lines, current];
};
