import type { Pool } from '../../domain/index.js';
import type { PoolSnapshot } from '../../planner/index.js';
import type { TaskRow } from '../rows.js';
import { type Image, waitingTask } from './image.js';

/** What the planner sees of a pool: everything that runs, and of what waits only as much as the policy looks at, and who asked. */
export const poolSnapshot = (
  image: Image,
  pool: Pool,
  lookAhead: number,
  asked: readonly TaskRow[],
): PoolSnapshot => {
  const { nodes, leases, waiting } = image.pool(pool);
  const head = waiting.head(lookAhead);
  return {
    pool,
    nodes: [...nodes.values()],
    leases: [...leases.values()],
    waiting: head,
    beyond: asked.flatMap((row) => {
      const task = waitingTask(row);
      const index = waiting.indexOf(task);
      const waits = row.request.pool === pool && image.tasks.get(task.id)?.state === 'waiting';
      return waits && index >= head.length ? [{ task, position: index + 1 }] : [];
    }),
  };
};
