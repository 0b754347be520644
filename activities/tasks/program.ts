import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Attempt } from './attempt.js';
import { TaskFailure } from './failure.js';
import {
  captureLog,
  type Exit,
  endGroup,
  exitOrLeave,
  type LogCapture,
  launch,
  meterGroup,
} from './process/index.js';

/** A program to run for an attempt. */
export interface Program {
  readonly command: string | readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logLimitBytes: number;
}

/** How long the logs may take to end once every process that we know of has gone. */
const LOG_END_MS = 2000;
const TAIL_LINES = 15;
const LOGS = ['stdout.log', 'stderr.log'];
/** How old a running task's logs may be in a store that is no folder. */
const LIVE_LOGS_MS = 10_000;

/**
 * Runs a program to its end: logs to files, usage measured, memory limit kept, all its processes gone at return. Throws
 * `exit-<n>`, `signal-<NAME>`, `out-of-memory` or `launch-failed` with the last lines of its stderr.
 */
export const runProgram = async (attempt: Attempt, program: Program): Promise<void> => {
  attempt.leave.throwIfAborted();
  const lease = attempt.input.lease;
  const limitBytes = lease.resources.memoryBytes || null;
  const launched = await launch({ ...program, lease: lease.id });
  attempt.launched(launched.group);
  const stdout = captureLog(launched.stdout, join(attempt.folder, 'stdout.log'), program.logLimitBytes);
  const stderr = captureLog(launched.stderr, join(attempt.folder, 'stderr.log'), program.logLimitBytes);
  const publish = logPublisher(attempt);
  const memory = new AbortController();
  const meter = meterGroup(launched.group, limitBytes, () => memory.abort());
  attempt.onBeat(() => attempt.used(meter.usage()));
  const kill = AbortSignal.any([attempt.kill, memory.signal]);
  try {
    const exit = await exitOrLeave(launched, { ...attempt.input, leave: attempt.leave, kill });
    meter.stop();
    await endGroup(launched.group, lease.id);
    await ended([stdout, stderr]);
    attempt.leave.throwIfAborted();
    if (memory.signal.aborted) throw outOfMemory(limitBytes, meter.usage().peakMemoryBytes, stderr.tail());
    checkExit(exit, stderr.tail());
  } finally {
    meter.stop();
    attempt.used(meter.usage());
    await publish();
  }
};

/** A process that no trace leads to may hold a log open: the attempt does not wait for it. */
const ended = async (logs: readonly LogCapture[]): Promise<void> => {
  const timer = new AbortController();
  const all = Promise.all(logs.map((log) => log.done));
  await Promise.race([all, delay(LOG_END_MS, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
  for (const log of logs) log.stop();
  await all;
};

/** Stores the logs, one after the other; while the program runs only where nobody could else see them grow. */
const logPublisher = (attempt: Attempt) => {
  let working = Promise.resolve();
  let publishedAtMs = performance.now();
  const publish = () => {
    publishedAtMs = performance.now();
    working = working.then(() => publishLogs(attempt));
    return working;
  };
  attempt.onBeat(() => {
    if (!attempt.folderShared && performance.now() - publishedAtMs >= LIVE_LOGS_MS) void publish();
  });
  return publish;
};

const publishLogs = async (attempt: Attempt): Promise<void> => {
  for (const name of LOGS) {
    await attempt
      .put(name, { file: join(attempt.folder, name) })
      .catch((err) => attempt.log.warn({ err, name }, 'A log could not be stored'));
  }
};

const checkExit = ({ code, signal }: Exit, stderr: string): void => {
  if (signal !== null) throw new TaskFailure(`signal-${signal}`, withTail(`Ended by ${signal}.`, stderr));
  if (code === null || code === 0) return;
  throw new TaskFailure(`exit-${code}`, withTail(`Exited with code ${code}.`, stderr), { exitCode: code });
};

const outOfMemory = (limitBytes: number | null, peakBytes: number | null, stderr: string) =>
  new TaskFailure(
    'out-of-memory',
    withTail(`Held ${peakBytes} bytes of memory, more than its lease's ${limitBytes}.`, stderr),
  );

const withTail = (sentence: string, stderr: string): string => {
  const lines = stderr.trimEnd().split('\n').slice(-TAIL_LINES).join('\n').replaceAll('\0', '');
  return lines === '' ? sentence : `${sentence} The last lines of stderr:\n${lines}`;
};
