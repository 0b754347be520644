import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { processes } from '../../activities/tasks/index.js';
import { SignalboxError } from '../../src/domain/index.js';

interface Holder {
  readonly pid: number;
  readonly startedAtMs: number;
}

/** Start times are counted from the boot, whose own time moves when the clock is set. */
const TOLERANCE_MS = 5000;

/**
 * Takes a lock for the life of this process and returns what gives it back. The file names process and start time, so that a
 * number used again (each container's first process is 1) is not taken for a living holder. Throws `node-folder-taken`.
 */
export const lockFile = async (path: string, node: string): Promise<() => void> => {
  const me = await identity(process.pid);
  const text = JSON.stringify(me);
  while (!created(path, text)) {
    const held = readText(path);
    const holder = holderIn(held);
    if (holder !== null && (await lives(holder))) {
      throw new SignalboxError(
        'node-folder-taken',
        `Another worker (process ${holder.pid}) is running as node ${node} on this folder.`,
      );
    }
    removeStale(path, held);
  }
  return () => {
    if (readText(path) === text) rmSync(path, { force: true });
  };
};

const created = (path: string, text: string): boolean => {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};

/** Two workers may find the same dead holder: only the one that moves that very file away has removed it. */
const removeStale = (path: string, held: string | null): void => {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (readText(aside) === held) rmSync(aside, { force: true });
    else renameSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
};

const readText = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

const holderIn = (text: string | null): Holder | null => {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
};

const identity = async (pid: number): Promise<Holder> => {
  const [found] = await processes((process) => process.pid === pid);
  return { pid, startedAtMs: found?.startedAtMs ?? 0 };
};

const lives = async ({ pid, startedAtMs }: Holder): Promise<boolean> => {
  const [found] = await processes((process) => process.pid === pid);
  return found !== undefined && Math.abs(found.startedAtMs - startedAtMs) < TOLERANCE_MS;
};
