import { join } from 'node:path';
import type { Attempt } from './attempt.js';

/** What every program needs of its surroundings; all else a task must declare, or the worker's allow-list must name. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER'];

/** The files through which a task talks to its worker, by the variables that name them. */
export const exchangeFiles = (folder: string) => ({
  SIGNALBOX_OUTPUT: join(folder, 'output.json'),
  SIGNALBOX_PROGRESS: join(folder, 'progress'),
});

/**
 * A task's environment: built up from nothing, so that the worker's token and credentials never get in. The task's own
 * declarations win over what is inherited; the worker's variables win over both.
 */
export const taskEnvironment = (
  attempt: Attempt,
  declared: Readonly<Record<string, string>>,
  allowed: readonly string[],
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string> => {
  const { input, folder, checkpointFolder, resume } = attempt;
  return {
    ...pick(inherited, [...INHERITED, ...allowed]),
    ...declared,
    ...exchangeFiles(folder),
    SIGNALBOX_CHECKPOINT_DIR: checkpointFolder,
    ...(resume ? { SIGNALBOX_RESUME: '1' } : {}),
    SIGNALBOX_RUN_ID: input.runId,
    SIGNALBOX_TASK: input.taskKey,
    SIGNALBOX_ATTEMPT: String(input.attempt),
    SIGNALBOX_DIR: folder,
    CUDA_VISIBLE_DEVICES: input.lease.devices.join(','),
  };
};

const pick = (from: Readonly<Record<string, string | undefined>>, names: readonly string[]) =>
  Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
