import { inspect, listProcesses, type ProcessInfo } from './table.js';

const LEAST_VALID_MS = 200;
/** A census of 2,000 processes takes some 50 ms: it stays valid 20 times as long, so it takes at most a twentieth of a core. */
const VALID_TIMES_COST = 20;

/** Which processes are in which group. */
type Census = ReadonlyMap<number, readonly number[]>;

let census: Promise<Census> = Promise.resolve(new Map());
let validUntilMs = 0;

/**
 * A group's processes for measuring. Their figures are fresh; but for the first one, a process that has just begun may be
 * missing. All meters share one census: looking at every process for every task would cost a large machine too much.
 */
export const sampleGroup = async (group: number): Promise<readonly ProcessInfo[]> => {
  if (performance.now() > validUntilMs) {
    validUntilMs = Number.POSITIVE_INFINITY;
    census = take();
  }
  const pids = new Set([group, ...((await census).get(group) ?? [])]);
  return (await inspect([...pids])).filter((process) => process.group === group);
};

const take = async (): Promise<Census> => {
  const startedAtMs = performance.now();
  const groups = new Map<number, number[]>();
  try {
    for (const { pid, group } of await listProcesses())
      groups.set(group, [...(groups.get(group) ?? []), pid]);
    return groups;
  } finally {
    const costMs = performance.now() - startedAtMs;
    validUntilMs = performance.now() + Math.max(LEAST_VALID_MS, costMs * VALID_TIMES_COST);
  }
};
