import { terminal } from '../output/terminal.js';

const EVERY_MS = 100;

/** Shows on a terminal how far a simulation is; elsewhere nothing. */
export interface Progress {
  /** So many runs have ended. */
  ended(count: number): void;
  /** Clears the line. */
  done(): void;
}

/** A line on standard error that is redrawn in place. */
export const showProgress = (label: string, all: number): Progress => {
  const { isLive, colours } = terminal(process.stderr);
  let shownAtMs = 0;
  const show = (text: string) => void (isLive && process.stderr.write(`\r\u001b[K${text}`));
  return {
    ended: (count) => {
      const now = performance.now();
      if (now - shownAtMs < EVERY_MS) return;
      shownAtMs = now;
      show(colours.dim(`${label}: ${Math.floor((100 * count) / all)}% of ${all.toLocaleString('en')} jobs`));
    },
    done: () => show(''),
  };
};
