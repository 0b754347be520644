import { setTimeout as delay } from 'node:timers/promises';
import { signalGroup } from './end.js';
import type { Exit, Launched } from './launch.js';
import { processesOf } from './table.js';

/** How an attempt is told to go. */
export interface LeaveSignals {
  /** SIGTERM, then the grace. */
  readonly leave: AbortSignal;
  /** SIGKILL. */
  readonly kill: AbortSignal;
  readonly graceSeconds: number;
}

/**
 * Waits for the program to exit. Asked to leave, it sends SIGTERM to the group and waits for all of it, not only for the first
 * process (a shell dies at once while the trainer under it still writes its checkpoint), at most the grace.
 */
export const exitOrLeave = async (program: Launched, signals: LeaveSignals): Promise<Exit> => {
  const killNow = () => signalGroup(program.group, 'SIGKILL');
  signals.kill.addEventListener('abort', killNow, { once: true });
  try {
    if (signals.kill.aborted) killNow();
    await Promise.race([program.exited, aborted(signals.leave)]);
    if (signals.leave.aborted) await leaveWithin(program, signals);
    return await program.exited;
  } finally {
    signals.kill.removeEventListener('abort', killNow);
  }
};

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;

/** While the first process lives there is no need to look for others: each look goes through all of the machine's. */
const leaveWithin = async (program: Launched, { kill, graceSeconds }: LeaveSignals): Promise<void> => {
  const deadlineMs = performance.now() + graceSeconds * 1000;
  let exited = false;
  program.exited.then(() => {
    exited = true;
  });
  signalGroup(program.group, 'SIGTERM');
  for (let pauseMs = FIRST_PAUSE_MS; !kill.aborted; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    if (exited && (await onlyWatcherLeft(program))) return;
    if (performance.now() > deadlineMs) break;
    await delay(Math.min(pauseMs, Math.max(0, deadlineMs - performance.now())));
  }
  signalGroup(program.group, 'SIGKILL');
};

const onlyWatcherLeft = async (program: Launched): Promise<boolean> => {
  const members = await processesOf(program.group);
  return members.every(({ pid }) => pid === program.watcher());
};

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
