import { join } from 'node:path';
import type { FileRef } from '../../src/domain/index.js';
import { keepFolder, newestChange, type Workspace } from '../artifacts/index.js';

/** References given out in the last minutes stay good: archives take turns under this many names. */
const ARCHIVES = 3;

/** Keeps an attempt's checkpoint folder in the workspace, so that the next attempt can go on from it on any node. */
export interface CheckpointKeeper {
  /** The last archive kept, of this attempt or an earlier one. */
  readonly kept: FileRef | null;
  /** When the newest work that is kept was written (epoch milliseconds); null where this attempt kept nothing. */
  readonly keptAtMs: number | null;
  /** Archives the folder if it has changed; says whether it did. With `settled`, only if it stood still since the last call. */
  keep(how: { readonly settled: boolean }): Promise<boolean>;
}

/** Which folder is watched, and what is kept of it already. */
export interface Watched {
  readonly attemptFolder: string;
  readonly checkpointFolder: string;
  /** The attempt's prefix in the workspace. */
  readonly prefix: string;
  readonly earlier: FileRef | null;
  /** The newest change that `earlier` holds; 0 for an empty folder. */
  readonly sinceMs: number;
}

/**
 * Watches a checkpoint folder. An archive that changed while it was written is dropped: a task may be in the middle of saving,
 * and a torn checkpoint is worse than an old one.
 */
export const checkpointKeeper = (workspace: Workspace, watched: Watched): CheckpointKeeper => {
  const { attemptFolder, checkpointFolder, prefix, earlier, sinceMs } = watched;
  let kept = earlier;
  let keptAtMs: number | null = null;
  let seenAtMs = sinceMs;
  let archives = 0;
  let working: Promise<boolean> = Promise.resolve(false);

  const archive = async (settled: boolean): Promise<boolean> => {
    const changedAtMs = await newestChange(checkpointFolder);
    if (changedAtMs === null || changedAtMs <= (keptAtMs ?? sinceMs)) return false;
    const moving = changedAtMs !== seenAtMs;
    seenAtMs = changedAtMs;
    if (settled && moving) return false;
    const name = `checkpoint-${archives++ % ARCHIVES}.tar`;
    const file = await keepFolder(
      workspace,
      checkpointFolder,
      `${prefix}/${name}`,
      join(attemptFolder, name),
    );
    if (settled && (await newestChange(checkpointFolder)) !== changedAtMs) return false;
    kept = file;
    keptAtMs = changedAtMs;
    return true;
  };

  return {
    get kept() {
      return kept;
    },
    get keptAtMs() {
      return keptAtMs;
    },
    keep: ({ settled }) => {
      working = working.catch(() => false).then(() => archive(settled));
      return working;
    },
  };
};
