import { type Option, RESOURCE_KINDS, type ResourceRequest, shortages } from '../domain/index.js';
import { amountOf, listing } from '../planner/index.js';
import type { NodeRow } from './rows/index.js';
import type { Image } from './state/image.js';

/**
 * Why no node that has ever registered could hold the task in any of the places that it lists, naming for the first the largest
 * node; null where one could, or where one of the pools has had no node yet, so that the task waits for the first.
 */
export const describeMisfit = (image: Image, options: readonly [Option, ...Option[]]): string | null => {
  const [first, ...others] = options.map(({ request }) => misfitIn(image, request));
  return first === undefined || others.includes(null) ? null : first;
};

const misfitIn = (image: Image, request: ResourceRequest): string | null => {
  const nodes = [...image.nodes.values()].filter(({ pool }) => pool === request.pool);
  if (nodes.length === 0 || nodes.some(({ capacity }) => shortages(request, capacity).length === 0))
    return null;
  const largest = nodes.reduce((a, b) => (rank(request, b) > rank(request, a) ? b : a));
  const short = shortages(request, largest.capacity);
  const asked = listing(
    short.map((kind) => amountOf(kind, request[kind])),
    RESOURCE_KINDS.length,
  );
  const has = listing(
    short.map((kind) => amountOf(kind, largest.capacity[kind])),
    RESOURCE_KINDS.length,
  );
  return `it asks for ${asked}; the largest ${request.pool} node, ${largest.nodeId}, has ${has}`;
};

/** Larger: falls short in fewer kinds, then has more of what is asked for. Ids break ties, so that the answer is stable. */
const rank = (request: ResourceRequest, { capacity, nodeId }: NodeRow): string => {
  const parts = RESOURCE_KINDS.map((kind) =>
    request[kind] === 0 ? 1 : Math.min(1, capacity[kind] / request[kind]),
  );
  const held = parts.filter((part) => part === 1).length;
  const sum = parts.reduce((total, part) => total + part, 0);
  return `${held}:${sum.toFixed(6)}:${nodeId}`;
};
