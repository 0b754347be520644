import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processesOf } from './table.js';

/** Stands in the environment of a task's processes, so that one which left the group is still found. */
export const LEASE_MARK = 'SIGNALBOX_LEASE';

/**
 * Sends a signal to every process of a group and says whether there is any. One that may not be signalled is there: macOS says
 * so of zombies, every system of a program that has become another user.
 */
export const signalGroup = (group: number, signal: NodeJS.Signals): boolean => isThere(-group, signal);

const isThere = (target: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(target, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
};

/**
 * Kills a group and every process that carries the lease's mark, and returns when they have truly gone: only then may
 * their devices be used again. A process that nothing can end (stuck in a driver) makes this wait, as it must.
 */
export const endGroup = async (group: number | null, lease: string): Promise<void> => {
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 500)) {
    const living = group !== null && signalGroup(group, 'SIGKILL') && !(await onlyZombies(group));
    const strays = marked(lease).filter((pid) => isThere(pid, 'SIGKILL'));
    if (!living && strays.length === 0) return;
    await delay(pauseMs);
  }
};

/** Where the processes cannot be listed, nothing is known to be gone. */
const onlyZombies = (group: number): Promise<boolean> =>
  processesOf(group).then(
    (members) => members.length === 0,
    () => false,
  );

/** Processes whose environment names the lease (Linux; elsewhere a process that leaves its group is not found). */
const marked = (lease: string): number[] => {
  const mark = `${LEASE_MARK}=${lease}\0`;
  return numericNames('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
    } catch {
      return false;
    }
  });
};

const numericNames = (folder: string): number[] => {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
};
