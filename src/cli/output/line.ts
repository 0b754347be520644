import { cut, textWidth } from './table.js';

/** A piece of a line and how it is painted. */
export type Piece = readonly [text: string, paint?: (text: string) => string];

/** Sets pieces after one another and cuts what goes beyond the width: a line that wraps could not be redrawn. */
export const line = (pieces: readonly Piece[], width: number): string => {
  let room = width;
  let text = '';
  for (const [piece, paint] of pieces) {
    const fitting = cut(
      piece.replace(/\s+/g, (gap) => ' '.repeat(gap.length)),
      room,
    );
    text += paint && fitting !== '' ? paint(fitting) : fitting;
    room -= textWidth(fitting);
  }
  return text.trimEnd();
};
