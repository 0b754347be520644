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

const leaveWithin = async (program: Launched, { kill, graceSeconds }: LeaveSignals): Promise<void> => {
  const deadlineMs = performance.now() + graceSeconds * 1000;
  signalGroup(program.group, 'SIGTERM');
  while (!kill.aborted && performance.now() < deadlineMs) {
    const members = await processesOf(program.group);
    if (members.every((member) => member.pid === program.watcher())) return;
    await delay(25);
  }
  signalGroup(program.group, 'SIGKILL');
};

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
