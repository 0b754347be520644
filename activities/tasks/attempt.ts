import type { Logger } from 'pino';
import type { FileRef, JsonValue, TaskActivityInput } from '../../src/domain/index.js';
import type { Content } from '../artifacts/index.js';

/** A task's results, by output name. */
export type Outputs = Readonly<Record<string, JsonValue>>;

/** One attempt of a task, as its kind sees it. */
export interface Attempt {
  readonly input: TaskActivityInput;
  readonly log: Logger;
  /** The attempt's own folder, made when first asked for. */
  readonly folder: string;
  /** Others see the folder's files as they are written; else only what has been put. */
  readonly folderShared: boolean;
  /** Where the task keeps its checkpoints; filled from the last kept one where there is one. */
  readonly checkpointFolder: string;
  /** Whether an earlier attempt left a checkpoint to go on from. */
  readonly resume: boolean;
  /** Aborts when the attempt must leave, with its grace. */
  readonly leave: AbortSignal;
  /** Aborts when nothing of it may run any more. */
  readonly kill: AbortSignal;
  /** Stores a file of this attempt under its name. */
  put(name: string, content: Content): Promise<FileRef>;
  /** 0..1 */
  progress(fraction: number): void;
  /** Called about once a second while the attempt runs. */
  onBeat(listener: () => void): void;
  used(usage: { readonly memoryBytes: number | null } & Measured): void;
  /** Its memory is about to reach what it leases, in so long. */
  memoryNearlyFull(inSeconds: number): void;
  launched(group: number): void;
}

/** What was measured of an attempt. */
export interface Measured {
  readonly peakMemoryBytes: number | null;
  readonly cpuSeconds: number | null;
}

/** What a kind of task makes of an attempt; a failure is a `TaskFailure` thrown. */
export interface Worked {
  readonly outputs: Outputs;
  readonly exitCode?: number;
}
