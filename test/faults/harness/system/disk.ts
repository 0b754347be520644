import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The workspace's disk, which can be filled. */
export interface Disk {
  /** The workspace's folder. */
  readonly path: string;
  /** How it is filled, in words. */
  readonly means: string;
  /** From now on nothing can be written. */
  fill(): void;
  /** There is room again. */
  clear(): void;
  remove(): void;
}

const SIZE = '48m';

/**
 * A small file system of its own where we may mount one. Elsewhere the workspace's folder gives way to a file: every new file
 * fails as well, only with another error.
 */
export const smallDisk = (folder: string): Disk => {
  const path = join(folder, 'workspace');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=0777`, 'tmpfs', path], { stdio: 'pipe' });
  } catch {
    return blockedFolder(path);
  }
  const filling = join(path, 'filling');
  return {
    path,
    means: `a file system of ${SIZE} that is full`,
    fill: () => fillUp(filling),
    clear: () => rmSync(filling, { force: true }),
    remove: () => void execFileSync('umount', ['-l', path], { stdio: 'pipe' }),
  };
};

const PIECE = Buffer.alloc(64 * 1024);

const fillUp = (file: string): void => {
  for (const size of [PIECE.length, 512, 1]) {
    try {
      for (;;) writeFileSync(file, PIECE.subarray(0, size), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
};

const blockedFolder = (path: string): Disk => {
  const aside = `${path}.aside`;
  return {
    path,
    means: 'a folder that gave way to a file, since no file system may be mounted here',
    fill: () => {
      renameSync(path, aside);
      writeFileSync(path, '');
    },
    clear: () => {
      if (!existsSync(aside)) return;
      rmSync(path, { force: true });
      renameSync(aside, path);
    },
    remove: () => undefined,
  };
};
