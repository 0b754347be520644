import { POOLS, type Pool, type Rank } from '../../domain/index.js';
import { type LoadNumbers, type Policy, PoolLoad, rankFor } from '../../planner/index.js';
import type { RunRow, WorkRow } from '../rows.js';
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

/** How loaded the pools would be with a run that arrives now. */
export const loadsWith = (image: Image, atMs: number, work: Readonly<Record<Pool, number>>): Loads => {
  const numbers = (pool: Pool) => {
    const load = loadOf(image.head.loads, pool);
    if (work[pool] > 0) load.arrived(work[pool], atMs, image.sizeOf(pool));
    return load.numbers;
  };
  return { gpu: numbers('gpu'), cpu: numbers('cpu'), io: numbers('io') };
};

/** A run's rank in a pool: frozen with what was known when it arrived, under the policy in force. */
export const rankOf = (
  run: Pick<RunRow, 'createdAtMs'>,
  { loads, latestStartAtMs }: Pick<WorkRow, 'loads' | 'latestStartAtMs'>,
  pool: Pool,
  policy: Policy,
): Rank => rankFor(run.createdAtMs, loadOf(loads, pool), policy, latestStartAtMs);
