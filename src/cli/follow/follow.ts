import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient, RunDetail } from '../../api/client/index.js';
import { SignalboxError } from '../../domain/index.js';
import { EXIT } from '../exit-codes.js';
import { note } from '../output/terminal.js';

/** What shows a run's progress: told of each new look at it. */
export interface Watcher {
  update(run: RunDetail): void;
  /** Leaves the terminal as it found it. */
  end(): void;
}

const POLL_MS = 500;
/** A run of thousands of tasks takes long to tell: watching it is to cost the API a fifth of its time at most. */
const SHARE = 4;
/** The API may be restarted under us; a run goes on without it. */
const PATIENCE_MS = 120_000;

/** Watches a run until it is over and gives its end. Ctrl-C leaves the run going, says so, and exits with 130. */
export const followRun = async (client: ApiClient, id: string, watcher: Watcher): Promise<RunDetail> => {
  const leave = () => {
    watcher.end();
    note(`\n${id} goes on. \`signalbox show ${id}\` shows it, \`signalbox cancel ${id}\` stops it.`);
    process.exit(EXIT.interrupted);
  };
  process.once('SIGINT', leave);
  try {
    return await untilOver(() => patiently(() => client.getRun(id)), watcher);
  } finally {
    watcher.end();
    process.off('SIGINT', leave);
  }
};

const untilOver = async (look: () => Promise<RunDetail>, watcher: Watcher): Promise<RunDetail> => {
  for (;;) {
    const askedAt = performance.now();
    const run = await look();
    watcher.update(run);
    if (run.status !== 'running') return run;
    await pause(Math.max(POLL_MS, SHARE * (performance.now() - askedAt)));
  }
};

/** Asks again while the API is away, for two minutes. */
const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const away = error instanceof SignalboxError && error.status === 503;
      if (!away || Date.now() > giveUpAt) throw error;
      await pause(POLL_MS);
    }
  }
};
