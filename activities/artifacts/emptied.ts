import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Makes an empty folder. What an earlier try left there is moved aside at once and deleted in the background. */
export const emptied = (path: string, aside: string): string => {
  mkdirSync(dirname(path), { recursive: true });
  const old = join(aside, randomUUID());
  try {
    renameSync(path, old);
    rm(old, { recursive: true, force: true }).catch(() => undefined);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(path);
  return path;
};
