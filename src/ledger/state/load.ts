import { POOLS, type Pool, type Rank } from '../../domain/index.js';
import { type LoadNumbers, type Policy, PoolLoad, rankFor } from '../../planner/index.js';
import type { Draft } from './draft.js';
import type { Image } from './image.js';

/** How loaded each pool is, as the head keeps it: the same for every process, over any restart. */
export type Loads = Readonly<Partial<Record<Pool, LoadNumbers>>>;

/** A pool's load, to ask or to change. */
export const loadOf = (loads: Loads, pool: Pool): PoolLoad => new PoolLoad(loads[pool]);

/** A run's work arrives in its pools. */
export const workArrives = (draft: Draft, work: Readonly<Record<Pool, number>>): void => {
  for (const pool of POOLS)
    if (work[pool] > 0) change(draft, pool, (load, size) => load.arrived(work[pool], draft.atMs, size));
};

/** Work that was taken for so much turns out to be more, or less. */
export const workCorrected = (draft: Draft, pool: Pool, deviceSeconds: number): void => {
  if (deviceSeconds !== 0)
    change(draft, pool, (load, size) => load.corrected(deviceSeconds, draft.atMs, size));
};

const change = (draft: Draft, pool: Pool, how: (load: PoolLoad, size: number) => void): void => {
  const { image } = draft;
  const load = loadOf(image.head.loads, pool);
  how(load, image.sizeOf(pool));
  image.head = { ...image.head, loads: { ...image.head.loads, [pool]: load.numbers } };
};

/** The rank of a run that arrives now with so much work, in each pool. */
export const ranksFor = (
  image: Image,
  policy: Policy,
  atMs: number,
  work: Readonly<Record<Pool, number>>,
  latestStartAtMs: number | null,
): Readonly<Record<Pool, Rank>> => {
  const rank = (pool: Pool) => {
    const load = loadOf(image.head.loads, pool);
    if (work[pool] > 0) load.arrived(work[pool], atMs, image.sizeOf(pool));
    return rankFor(atMs, load, policy, latestStartAtMs);
  };
  return { gpu: rank('gpu'), cpu: rank('cpu'), io: rank('io') };
};
