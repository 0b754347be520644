import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileRef, SignalboxError } from '../../src/domain/index.js';
import type { Workspace } from './workspace.js';

/** Keeps a folder as one file of the workspace: a tar archive, written by the system's `tar` to the local path `file`. */
export const keepFolder = async (
  workspace: Workspace,
  folder: string,
  key: string,
  file: string,
): Promise<FileRef> => {
  await tar('-cf', file, '-C', folder, '.');
  return workspace.put(key, { file });
};

/** Fills a folder from an archive that `keepFolder` wrote, on whichever node. */
export const restoreFolder = async (
  workspace: Workspace,
  archive: FileRef,
  folder: string,
): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await tar('-xf', await workspace.get(archive), '-C', folder);
};

/** A folder's newest change (epoch milliseconds), or null where it holds no file. */
export const newestChange = async (folder: string): Promise<number | null> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const times = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const found = await stat(join(parentPath, name)).catch(() => null);
      return found === null ? 0 : Math.max(found.mtimeMs, found.ctimeMs);
    }),
  );
  return times.length === 0 ? null : Math.max(...times);
};

const tar = async (...args: string[]): Promise<void> => {
  const child = spawn('tar', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint = (complaint + chunk).slice(-500);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new SignalboxError('internal', `tar ${args[0]} failed: ${complaint.trim()}`);
};
