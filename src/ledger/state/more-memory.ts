import { type NodeId, type Option, type ReadyTask, shortages, taskName } from '../../domain/index.js';
import type { TaskRow } from '../rows/index.js';
import type { Draft } from './draft.js';

/** How much more a task asks for once it ran out, or was about to; and how far above the most that it ever held. */
const GROWTH = 1.5;
const HEADROOM = 1.25;
/** Amounts are rounded up to this. */
const STEP_BYTES = 64 * 1024 ** 2;
/** The largest node must have so much more, or it is not worth another attempt. */
const LEAST_GROWTH = 1.1;
/** So many earlier attempts that never held more than is leased speak against a trend. */
const ENOUGH = 5;

/** The largest amount of memory that a node has on which the task could run, and which node; null where no node could. */
interface Largest {
  readonly nodeId: NodeId;
  readonly memoryBytes: number;
}

/**
 * What the next attempts of a task ask for, after one that ran out of memory or was about to, by the most that it held; null where
 * no live node that may run it has more to give, or where nothing is known of what it needs.
 */
export const moreMemoryFor = (draft: Draft, task: TaskRow, peakBytes: number | null): number | null => {
  const askedBytes = task.request.memoryBytes;
  const wantedBytes = Math.max(askedBytes * GROWTH, (peakBytes ?? 0) * HEADROOM);
  const largest = largestFor(draft, task);
  if (wantedBytes === 0 || largest === null) return null;
  const bytes = Math.min(Math.ceil(wantedBytes / STEP_BYTES) * STEP_BYTES, largest.memoryBytes);
  return bytes >= askedBytes * LEAST_GROWTH && bytes > (peakBytes ?? 0) ? bytes : null;
};

/** The live node with the most memory among those that may run the task. */
export const largestFor = (draft: Draft, task: TaskRow): Largest | null => {
  const { options, placement } = task.terms ?? { options: [{ request: task.request }], placement: null };
  const nodes = options.flatMap(({ request }) =>
    [...draft.image.nodes.values()].filter(
      ({ pool, state, capacity, labels }) =>
        pool === request.pool &&
        state === 'active' &&
        shortages({ ...request, memoryBytes: 0 }, capacity).length === 0 &&
        Object.entries(placement?.labels ?? {}).every(([name, value]) => labels[name] === value),
    ),
  );
  const [largest] = nodes.sort(
    (a, b) => b.capacity.memoryBytes - a.capacity.memoryBytes || (a.nodeId < b.nodeId ? -1 : 1),
  );
  return largest === undefined ? null : { nodeId: largest.nodeId, memoryBytes: largest.capacity.memoryBytes };
};

/** The most that earlier attempts of the task ever held, where that is known well enough; null else. */
export const usualPeakOf = (draft: Draft, task: TaskRow): number | null => {
  const run = draft.image.runs.get(task.runId);
  if (run === undefined) return null;
  const { usage } = draft.surroundings.forecaster.outlook({
    pipeline: run.pipeline,
    task: taskName(task.taskKey),
    pool: task.request.pool,
    tenant: run.tenant,
    features: task.features,
  });
  return usage.observations >= ENOUGH ? usage.peakMemoryBytesMax : null;
};

/** A ready attempt that asks for at least so much memory, in each of its places. */
export const withMemory = (ready: ReadyTask, leastBytes: number | null): ReadyTask => {
  if (leastBytes === null) return ready;
  const raised = <Request extends ReadyTask['request']>(request: Request): Request => ({
    ...request,
    memoryBytes: Math.max(request.memoryBytes, leastBytes),
  });
  const options = ready.options?.map((option) => ({ ...option, request: raised(option.request) }));
  return {
    ...ready,
    request: raised(ready.request),
    ...(options ? { options: options as [Option, ...Option[]] } : {}),
  };
};
