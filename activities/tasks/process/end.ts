import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processesOf } from './table.js';

/** Stands in the environment of a task's processes, so that one which left the group is still found. */
export const LEASE_MARK = 'SIGNALBOX_LEASE';

/** Sends a signal to every process of a group; a group that is gone is no error. */
export const signalGroup = (group: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/**
 * Kills a group and every process that carries the lease's mark, and returns when they have truly gone: only then may
 * their devices be used again. A process that the kernel cannot end (stuck in a driver) makes this wait, as it must.
 */
export const endGroup = async (group: number | null, lease: string): Promise<void> => {
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 500)) {
    if (group !== null) signalGroup(group, 'SIGKILL');
    const strays = marked(lease);
    for (const pid of strays) kill(pid);
    const members = group === null ? [] : await processesOf(group);
    if (members.length === 0 && strays.length === 0) return;
    await delay(pauseMs);
  }
};

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

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
