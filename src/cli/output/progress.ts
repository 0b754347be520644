import { count } from './format.js';
import { terminal } from './terminal.js';

const EVERY_MS = 100;

/** Shows on a terminal how far something long is; elsewhere nothing. */
export interface Progress {
  /** So many are done. */
  ended(ended: number): void;
  /** Clears the line. */
  done(): void;
}

/** A line on standard error that is redrawn in place. `noun`: what of there are so many. */
export const showProgress = (label: string, all: number, noun: string): Progress => {
  const { isLive, colours } = terminal(process.stderr);
  let shownAtMs = 0;
  const show = (text: string) => void (isLive && process.stderr.write(`\r\u001b[K${text}`));
  return {
    ended: (ended) => {
      const now = performance.now();
      if (now - shownAtMs < EVERY_MS) return;
      shownAtMs = now;
      show(colours.dim(`${label}: ${Math.floor((100 * ended) / all)}% of ${count(all, noun)}`));
    },
    done: () => show(''),
  };
};
