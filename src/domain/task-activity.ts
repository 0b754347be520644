import type { TaskError, Usage } from './advance.js';
import type { Outcome } from './forecast.js';
import type { NodeId, RunId, TaskKey } from './ids.js';
import type { FileRef, JsonValue } from './json.js';
import type { Lease } from './lease.js';

/** A program and its arguments, without a shell; or one text run by `sh -c`. Files named by `workspace://` become local paths. */
export interface CommandRun {
  readonly kind: 'command';
  readonly command: string | readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Working directory, relative to the worker's project folder; the attempt's own folder where absent. */
  readonly cwd?: string;
  /** Outputs that the task promises to write; one that is missing fails the attempt. */
  readonly outputs: readonly string[];
}
/** DuckDB statements, run in order. The last statement's first row gives the outputs; `assert` rules must return no row. */
export interface SqlRun {
  readonly kind: 'sql';
  readonly statements: readonly string[];
  readonly assertions: readonly { readonly name: string; readonly sql: string }[];
  /** Files that the statements write, by output name, relative to the attempt's folder (`${SIGNALBOX_DIR}` in the SQL). */
  readonly files: Readonly<Record<string, string>>;
}
/** One HTTP request. */
export interface HttpRun {
  readonly kind: 'http';
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: JsonValue;
  /** Statuses worth another attempt; other failures are final. */
  readonly retryableStatuses: readonly number[];
  /** Store the body as this file instead of returning it. */
  readonly download?: string;
}
/** A TypeScript function that the worker registered by name. */
export interface FunctionRun {
  readonly kind: 'function';
  readonly name: string;
  readonly input: JsonValue;
}

/** What a task does, with every expression already evaluated. The kind is also the Temporal activity's type. */
export type TaskRun = CommandRun | SqlRun | HttpRun | FunctionRun;
export type TaskKind = TaskRun['kind'];

/** The argument of a task's activity. */
export interface TaskActivityInput {
  readonly runId: RunId;
  readonly pipeline: string;
  readonly tenant: string;
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly run: TaskRun;
  readonly lease: Lease;
  /** From SIGTERM to SIGKILL on cancellation or preemption. */
  readonly graceSeconds: number;
  /** The last kept checkpoint, where an earlier attempt left one: an archive of its checkpoint folder. */
  readonly checkpoint: FileRef | null;
}

/** What the activity returns, or carries as the only detail of the failure it throws. */
export interface TaskActivityResult {
  readonly outcome: Outcome;
  readonly outputs: Readonly<Record<string, JsonValue>>;
  readonly error?: TaskError;
  readonly nodeId: NodeId;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly usage: Usage;
  readonly exitCode: number | null;
  /** The newest checkpoint, of this attempt or an earlier one. */
  readonly checkpoint: FileRef | null;
  /** 0..1 where the task reports it. */
  readonly progress: number | null;
  /** Work since the last checkpoint that an unsuccessful attempt lost. */
  readonly lostSeconds: number;
}

/**
 * The type of the failure by which the control worker ends the activity of a lease that has been taken back; its only detail
 * is the activity's last heartbeat. Temporal takes it or a worker's own word, whichever comes first, and never both.
 */
export const FENCED = 'fenced';

/** The details of an activity's heartbeat: what is known of an attempt whose worker then went away. */
export interface TaskHeartbeat {
  readonly progress: number | null;
  readonly checkpoint: FileRef | null;
}
