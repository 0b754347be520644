import {
  type Option,
  optionsOf,
  type Placement,
  placementOf,
  RESOURCE_KINDS,
  type RunSpec,
  SignalboxError,
  shortages,
  type TaskKey,
} from '../../domain/index.js';
import { amountOf, listing } from '../../planner/index.js';
import type { NodeRow, TaskRow } from '../rows/index.js';
import { namedTask } from './task-names.js';

/** Throws `never-fits` where the node could not hold the task even when empty: another pool, too small, other labels. */
export const refuseMisfit = (
  attempts: readonly TaskRow[],
  spec: RunSpec,
  key: TaskKey,
  node: NodeRow,
): void => {
  const task = namedTask(spec, key);
  const newest = attempts.toSorted((a, b) => b.arrival - a.arrival)[0];
  const options = newest?.terms?.options ?? optionsOf(task);
  const why = misfit(options, newest?.terms?.placement ?? placementOf(task), node);
  if (why !== null) throw new SignalboxError('never-fits', `${node.nodeId} can never hold ${key}: ${why}.`);
};

const misfit = (options: readonly Option[], { labels }: Placement, node: NodeRow): string | null => {
  const here = options.filter(({ request }) => request.pool === node.pool);
  const [first] = here;
  if (first === undefined) {
    const pools = [...new Set(options.map(({ request }) => request.pool))];
    return `it runs in pool ${listing(pools)}, and ${node.nodeId} is of pool ${node.pool}`;
  }
  const other = Object.entries(labels).filter(([name, value]) => node.labels[name] !== value);
  if (other.length > 0)
    return `it asks for ${listing(other.map(([name, value]) => `${name}=${value}`))}, which ${node.nodeId} has not`;
  if (here.some(({ request }) => shortages(request, node.capacity).length === 0)) return null;
  const short = shortages(first.request, node.capacity);
  const amounts = (of: NodeRow['capacity']) =>
    listing(
      short.map((kind) => amountOf(kind, of[kind])),
      RESOURCE_KINDS.length,
    );
  return `it asks for ${amounts(first.request)}, and ${node.nodeId} has ${amounts(node.capacity)}`;
};
