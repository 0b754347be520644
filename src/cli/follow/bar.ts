const CELLS = 12;

/** Elapsed time against a forecast: the whole bar is P90, the tick in it P50. */
export const bar = (ranSeconds: number, p50Seconds: number, p90Seconds: number): string => {
  const part = p90Seconds > 0 ? Math.min(1, ranSeconds / p90Seconds) : 0;
  const filled = Math.round(part * CELLS);
  const tick = p90Seconds > 0 ? Math.min(CELLS - 1, Math.floor((p50Seconds / p90Seconds) * CELLS)) : -1;
  return Array.from({ length: CELLS }, (_, cell) => (cell < filled ? '█' : cell === tick ? '┊' : '░')).join(
    '',
  );
};
