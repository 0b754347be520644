import type { Pipeline } from './schema.js';

/** Which tasks each task needs, by name, in the document's order. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/** A task that stands by for another: started by that one's failure (or by undoing it), never by the graph. */
export interface Handler {
  readonly kind: 'fallback' | 'compensate';
  readonly of: string;
}

/** The tasks that stand by, by name. */
export const handlersOf = (pipeline: Pipeline): ReadonlyMap<string, Handler> => {
  const handlers = new Map<string, Handler>();
  for (const [of, { onFailure }] of Object.entries(pipeline.tasks)) {
    if (onFailure?.fallback !== undefined) handlers.set(onFailure.fallback, { kind: 'fallback', of });
    if (onFailure?.compensate !== undefined) handlers.set(onFailure.compensate, { kind: 'compensate', of });
  }
  return handlers;
};

/** The graph that a run walks: every task but those that stand by. */
export const needsOf = (pipeline: Pipeline): Needs => {
  const handlers = handlersOf(pipeline);
  return new Map(
    Object.entries(pipeline.tasks)
      .filter(([name]) => !handlers.has(name))
      .map(([name, task]) => [name, task.needs]),
  );
};

/** The graph turned round: which tasks wait for each task. */
export const dependentsOf = (needs: Needs): ReadonlyMap<string, readonly string[]> => {
  const dependents = new Map<string, string[]>([...needs.keys()].map((name) => [name, []]));
  for (const [name, needed] of needs) for (const need of new Set(needed)) dependents.get(need)?.push(name);
  return dependents;
};

/** Every task after all it needs, otherwise in the document's order; tasks on or behind a cycle are left out (Kahn 1962). */
export const topologicalOrder = (needs: Needs): readonly string[] => {
  const dependents = dependentsOf(needs);
  const open = new Map(
    [...needs].map(([name, needed]) => [name, new Set(needed.filter((n) => needs.has(n))).size]),
  );
  const order = [...needs.keys()].filter((name) => open.get(name) === 0);
  for (const done of order)
    for (const name of dependents.get(done) ?? []) {
      const left = (open.get(name) ?? 0) - 1;
      open.set(name, left);
      if (left === 0) order.push(name);
    }
  return order;
};

/** All that a task needs, directly or through others. */
export const ancestorsOf = (needs: Needs, task: string): ReadonlySet<string> => {
  const found = new Set<string>(needs.get(task));
  for (const name of found) for (const need of needs.get(name) ?? []) found.add(need);
  return found;
};

/**
 * Tells whether a task needs another, directly or through others: one bit for each pair, so that dense graphs cost little.
 * Of tasks on or behind a cycle it tells nothing: undefined.
 */
export const reachability = (needs: Needs): ((task: string, other: string) => boolean | undefined) => {
  const order = topologicalOrder(needs);
  const places = new Map(order.map((name, place) => [name, place]));
  const words = Math.ceil(order.length / 32);
  const rows = new Map<string, Uint32Array>();
  for (const name of order) {
    const row = new Uint32Array(words);
    for (const need of needs.get(name) ?? []) merge(row, rows.get(need), places.get(need));
    rows.set(name, row);
  }
  return (task, other) => {
    const place = places.get(other);
    const row = rows.get(task);
    return row && (place === undefined ? false : ((row[place >> 5] ?? 0) & (1 << (place & 31))) !== 0);
  };
};

const merge = (row: Uint32Array, other: Uint32Array | undefined, place: number | undefined): void => {
  if (other === undefined || place === undefined) return;
  for (const [i, bits] of other.entries()) row[i] = (row[i] ?? 0) | bits;
  row[place >> 5] = (row[place >> 5] ?? 0) | (1 << (place & 31));
};

/** Each cycle costs a walk over the graph; nobody reads more of them at once. */
const MAX_CYCLES = 20;

/** The cycles of a graph (20 at most), each as the names along it; a task is in one of them at most. Empty where there is none. */
export const cyclesOf = (needs: Needs): readonly (readonly string[])[] => {
  const left = new Map(needs);
  const cycles: string[][] = [];
  while (cycles.length < MAX_CYCLES) {
    for (const name of topologicalOrder(left)) left.delete(name);
    const cycle = walkToCycle(left);
    if (cycle.length === 0) break;
    cycles.push(cycle);
    for (const name of cycle) left.delete(name);
  }
  return cycles;
};

/** Follows needs from the first task until one comes again; every task left needs another that is left. */
const walkToCycle = (left: Needs): string[] => {
  const path: string[] = [];
  let name = left.keys().next().value;
  while (name !== undefined && !path.includes(name)) {
    path.push(name);
    name = left.get(name)?.find((need) => left.has(need));
  }
  return name === undefined ? [] : path.slice(path.indexOf(name));
};
