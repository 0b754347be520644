import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Attempt } from './attempt.js';
import { captureLog, type Launched, type LogCapture } from './process/index.js';

/** A program's two logs, on their way to files and to the workspace. */
export interface ProgramLogs {
  /** Settles when both are written; what still holds one open is not waited for. */
  end(): Promise<void>;
  stderrTail(): string;
  publish(): Promise<void>;
}

/** How long the logs may take to end once every process that we know of has gone. */
const END_MS = 2000;
/** How old a running program's logs may be in a store that is no folder. */
const LIVE_MS = 10_000;
const NAMES = ['stdout.log', 'stderr.log'];

/** Writes a program's output to `stdout.log` and `stderr.log`, and stores them; while it runs only where nobody could else see them grow. */
export const keepLogs = (
  attempt: Attempt,
  { stdout, stderr }: Launched,
  folder: string,
  limitBytes: number,
): ProgramLogs => {
  const captures = [
    captureLog(stdout, join(folder, 'stdout.log'), limitBytes),
    captureLog(stderr, join(folder, 'stderr.log'), limitBytes),
  ] as const;
  let working = Promise.resolve();
  let publishedAtMs = performance.now();
  const publish = () => {
    publishedAtMs = performance.now();
    working = working.then(() => store(attempt, folder));
    return working;
  };
  attempt.onBeat(() => {
    if (!attempt.folderShared && performance.now() - publishedAtMs >= LIVE_MS) void publish();
  });
  return { end: () => ended(captures), stderrTail: () => captures[1].tail(), publish };
};

const ended = async (logs: readonly LogCapture[]): Promise<void> => {
  const timer = new AbortController();
  const all = Promise.all(logs.map((log) => log.done));
  const patience = delay(END_MS, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([all, patience]);
  timer.abort();
  for (const log of logs) log.stop();
  await all;
};

const store = async (attempt: Attempt, folder: string): Promise<void> => {
  for (const name of NAMES) {
    await attempt
      .put(name, { file: join(folder, name) })
      .catch((err) => attempt.log.warn({ err, name }, 'A log could not be stored'));
  }
};
