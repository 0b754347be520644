import type { TaskError } from '../src/domain/advance.js';
import type { Verdict } from '../src/domain/decision.js';
import { type NodeId, type TaskKey, taskKey } from '../src/domain/ids.js';
import type { FileRef, JsonValue } from '../src/domain/json.js';
import type { TaskState } from '../src/domain/run.js';

/** One thing to run: a task, or one item of its fan-out. Plain data, so that it survives continue-as-new. */
export interface Instance {
  readonly key: TaskKey;
  readonly task: string;
  readonly index?: number;
  readonly item?: JsonValue;
  state: TaskState;
  /** Counts every start; `failures` and `losses` say how many of them ended so. */
  attempt: number;
  failures: number;
  losses: number;
  verdict: Verdict | null;
  outputs: Readonly<Record<string, JsonValue>>;
  error: TaskError | null;
  checkpoint: FileRef | null;
  suspectNodes: readonly NodeId[];
  /** Its last attempt ran out of memory, and the next one is to have more. */
  wantsMoreMemory?: boolean;
  /** When the next attempt is due, while it backs off. */
  retryAtMs?: number;
  /** The instance for which this one stands in, as its fallback. */
  readonly standsInFor?: TaskKey;
  /** The completed instance that this one undoes. */
  readonly undoes?: TaskKey;
  /** The instance that stands in for this failed one. */
  fallback?: TaskKey;
}

/** An instance before its first attempt. */
export const newInstance = (
  task: string,
  { index, item }: Pick<Instance, 'index' | 'item'> = {},
  role: Pick<Instance, 'standsInFor' | 'undoes'> = {},
): Instance => ({
  key: taskKey(task, index),
  task,
  ...(index === undefined ? {} : { index }),
  ...(item === undefined ? {} : { item }),
  ...role,
  state: 'pending',
  attempt: 0,
  failures: 0,
  losses: 0,
  verdict: null,
  outputs: {},
  error: null,
  checkpoint: null,
  suspectNodes: [],
});
