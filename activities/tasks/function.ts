import type { Logger } from 'pino';
import type { FunctionRun, JsonValue } from '../../src/domain/index.js';
import type { Attempt, Worked } from './attempt.js';
import { TaskFailure } from './failure.js';
import { checkedOutputs } from './outputs.js';

/** What a registered function gets besides its input. Long synchronous work belongs in a `command`: it would stop the worker's heartbeat. */
export interface TaskFunctionContext {
  /** Reports progress, 0..1. */
  progress(fraction: number): void;
  /** Where it keeps checkpoints; filled from the last kept one when `resume` is true. */
  readonly checkpointDir: string;
  readonly resume: boolean;
  /** Aborts on cancellation, preemption and drain. */
  readonly signal: AbortSignal;
  /** The attempt's own folder; `{ $file: path }` in the outputs publishes a file of it. */
  readonly dir: string;
  /** Indices of the leased devices. */
  readonly devices: readonly number[];
  readonly log: Logger;
}

/** A function that a worker runs by name. What it returns are the task's outputs. */
export type TaskFunction = (
  // biome-ignore lint/suspicious/noExplicitAny: the pipeline's author knows what the pipeline passes
  input: any,
  context: TaskFunctionContext,
) => Promise<Readonly<Record<string, JsonValue>>> | Promise<void>;

/** The functions that a worker registered, by name. */
export type TaskFunctions = Readonly<Record<string, TaskFunction>>;

/** Runs a registered function in the worker's own process. */
export const runFunction =
  (functions: TaskFunctions) =>
  async (run: FunctionRun, attempt: Attempt): Promise<Worked> => {
    const f = Object.hasOwn(functions, run.name) ? functions[run.name] : undefined;
    if (f === undefined) throw unknownFunction(run.name, Object.keys(functions));
    const returned = await f(run.input, contextOf(attempt));
    return { outputs: checkedOutputs(returned ?? {}) };
  };

const contextOf = (attempt: Attempt): TaskFunctionContext => ({
  progress: (fraction) => attempt.progress(fraction),
  get checkpointDir() {
    return attempt.checkpointFolder;
  },
  resume: attempt.resume,
  signal: attempt.leave,
  get dir() {
    return attempt.folder;
  },
  devices: attempt.input.lease.devices,
  log: attempt.log,
});

const unknownFunction = (name: string, registered: readonly string[]) =>
  new TaskFailure(
    'unknown-function',
    registered.length === 0
      ? `This worker has no functions, so not "${name}" either: start it with --functions FILE.`
      : `This worker has no function "${name}"; it has ${[...registered].sort().join(', ')}.`,
    { final: true },
  );
