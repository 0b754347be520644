import { ANYWHERE, type Option, type Placement } from '../placement.js';
import type { Pool, ResourceRequest } from '../resources.js';
import { bytesOf } from './amounts.js';
import type { Task } from './schema.js';

/** The pool a task runs in: the named one, else gpu where it asks for devices, io where for slots only, else cpu. */
export const poolOf = (task: Pick<Task, 'pool' | 'resources'>): Pool => {
  if (task.pool !== undefined) return task.pool;
  const { gpu = 0, cpu = 0, slots = 0 } = task.resources ?? {};
  if (gpu > 0) return 'gpu';
  return slots > 0 && cpu === 0 ? 'io' : 'cpu';
};

/** What one attempt of a task asks for: its amounts, and where it names none of its pool's own kind, one device, core or slot. */
export const resourceRequest = (task: Pick<Task, 'pool' | 'resources'>): ResourceRequest => {
  const pool = poolOf(task);
  const { gpu, cpu, memoryBytes, slots } = task.resources ?? {};
  return {
    pool,
    devices: gpu ?? (pool === 'gpu' ? 1 : 0),
    cores: cpu ?? (pool === 'cpu' ? 1 : 0),
    memoryBytes: bytesOf(memoryBytes ?? 0),
    slots: slots ?? (pool === 'io' ? 1 : 0),
  };
};

/** The places that a task lists, its own pool and resources first. */
export const optionsOf = (
  task: Pick<Task, 'pool' | 'resources' | 'placement'>,
): readonly [Option, ...Option[]] => [
  { request: resourceRequest(task), speed: 1 },
  ...(task.placement?.pools ?? []).map(({ speed, ...place }) => ({ request: resourceRequest(place), speed })),
];

/** What a task asks of its node and shares with others. */
export const placementOf = ({ placement }: Pick<Task, 'placement'>): Placement => {
  const { labels = {}, tags = [], near = [], apart = [], limits = {} } = placement ?? {};
  return { ...ANYWHERE, labels, tags, near, apart, limits };
};
