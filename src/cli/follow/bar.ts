const CELLS = 12;

/** How far something has come, from 0 to 1, as a bar. */
export const bar = (part: number): string => {
  const filled = Math.round(Math.min(1, Math.max(0, part)) * CELLS);
  return '█'.repeat(filled) + '░'.repeat(CELLS - filled);
};
