import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { attemptPrefix, type FileRef, type TaskActivityInput, type Usage } from '../../src/domain/index.js';
import { type AttemptFolder, newestChange, restoreFolder, type Workspace } from '../artifacts/index.js';
import type { Hold, TaskAgent } from './agent.js';
import type { Attempt } from './attempt.js';
import { type CheckpointKeeper, checkpointKeeper } from './checkpoints.js';

/** What every kind of task needs. */
export interface AttemptSettings {
  readonly agent: TaskAgent;
  readonly workspace: Workspace;
  readonly log: Logger;
  /** How often a changed checkpoint folder is kept while the task runs. */
  readonly checkpointEverySeconds: number;
}

/** An attempt under way, as the wrapper around its kind sees it. */
export interface OpenAttempt {
  readonly attempt: Attempt;
  readonly startedAtMs: number;
  readonly progress: number | null;
  readonly checkpoint: FileRef | null;
  readonly usage: Usage;
  /** When its work ended, whatever is stored after that; now while it goes on. */
  readonly workedUntilMs: number;
  /** Seconds of it since the work that the last checkpoint keeps. */
  readonly lostSeconds: number;
  /** Its processes have gone. */
  workEnded(): void;
  /** Fetches the earlier attempt's checkpoint, if any. */
  restore(): Promise<void>;
  beat(): void;
  /** Keeps the checkpoint of an attempt that did not succeed, and gives its folder up. */
  finish(succeeded: boolean): Promise<void>;
}

/** Opens an attempt. Nothing is made on disk before the task looks at its folder: most function tasks never do. */
export const openAttempt = (
  { workspace, log, checkpointEverySeconds }: AttemptSettings,
  input: TaskActivityInput,
  hold: Hold,
  cancellation: AbortSignal,
): OpenAttempt => {
  const prefix = attemptPrefix(input.runId, input.taskKey, input.attempt);
  const startedAtMs = Date.now();
  const listeners: (() => void)[] = [];
  let folder: AttemptFolder | null = null;
  let keeper: CheckpointKeeper | null = null;
  let keptAtMs = startedAtMs;
  let workedUntilMs: number | null = null;
  let progress: number | null = null;
  let usage: Usage = { peakMemoryBytes: null, cpuSeconds: null };

  const opened = () => {
    folder ??= workspace.openFolder(prefix);
    return folder;
  };
  const attemptFolder = () => opened().path;
  const checkpointFolder = () => join(attemptFolder(), 'checkpoint');
  const watch = (sinceMs: number) => {
    mkdirSync(checkpointFolder(), { recursive: true });
    return checkpointKeeper(workspace, {
      attemptFolder: attemptFolder(),
      checkpointFolder: checkpointFolder(),
      prefix,
      earlier: input.checkpoint,
      sinceMs,
    });
  };
  const keepCheckpoint = async (settled: boolean) => {
    try {
      if (!(await keeper?.keep({ settled }))) return;
      keptAtMs = Date.now();
      if (keeper?.keptAtMs) hold.report({ checkpointAtMs: Math.round(keeper.keptAtMs) });
    } catch (error) {
      log.warn({ err: error, prefix }, 'A checkpoint could not be kept');
    }
  };

  const attempt: Attempt = {
    input,
    log,
    resume: input.checkpoint !== null,
    leave: AbortSignal.any([cancellation, hold.leave, hold.kill]),
    kill: hold.kill,
    get folder() {
      return attemptFolder();
    },
    get folderShared() {
      return opened().shared;
    },
    get checkpointFolder() {
      keeper ??= watch(0);
      return checkpointFolder();
    },
    put: (name, content) => workspace.put(`${prefix}/${name}`, content),
    progress: (fraction) => {
      if (!(fraction >= 0 && fraction <= 1)) return;
      progress = fraction;
      hold.report({ progress });
    },
    onBeat: (listener) => void listeners.push(listener),
    used: ({ memoryBytes, peakMemoryBytes, cpuSeconds }) => {
      usage = { peakMemoryBytes, cpuSeconds };
      hold.report({ memoryBytes, cpuSeconds });
    },
    memoryNearlyFull: (memoryFullInSeconds) => hold.report({ memoryFullInSeconds }),
    launched: (group) => hold.launched(group),
  };

  return {
    attempt,
    startedAtMs,
    get progress() {
      return progress;
    },
    get checkpoint() {
      return keeper?.kept ?? input.checkpoint;
    },
    get usage() {
      return usage;
    },
    get workedUntilMs() {
      return workedUntilMs ?? Date.now();
    },
    get lostSeconds() {
      const untilMs = workedUntilMs ?? Date.now();
      return Math.max(0, (untilMs - (keeper?.keptAtMs ?? startedAtMs)) / 1000);
    },
    workEnded: () => {
      workedUntilMs = Date.now();
      hold.end();
    },
    restore: async () => {
      if (input.checkpoint === null) return;
      await restoreFolder(workspace, input.checkpoint, checkpointFolder());
      keeper = watch((await newestChange(checkpointFolder())) ?? 0);
    },
    beat: () => {
      for (const listener of listeners) listener();
      if (Date.now() - keptAtMs >= checkpointEverySeconds * 1000) void keepCheckpoint(true);
    },
    finish: async (succeeded) => {
      if (!succeeded && !hold.kill.aborted) await keepCheckpoint(false);
      await folder?.close();
    },
  };
};
