import { POOLS, type Pool } from '../../domain/index.js';
import type { PoolLoad } from '../../planner/index.js';
import type { Loads } from '../rows/index.js';
import type { Draft } from './draft.js';
import type { Image } from './image.js';
import { loadOf } from './load.js';
import type { ByPool } from './run-length.js';

/** A run's work arrives in its pools. */
export const workArrives = (draft: Draft, work: Readonly<Record<Pool, number>>): void => {
  for (const pool of POOLS)
    if (work[pool] > 0) change(draft, pool, (load, size) => load.arrived(work[pool], size));
};

/** What is unfinished became so much more, or, where work has ended, less. */
export const workChanged = (draft: Draft, pool: Pool, deviceSeconds: number): void => {
  if (deviceSeconds !== 0) change(draft, pool, (load, size) => load.changed(deviceSeconds, size));
};

/** A run ends; its work at its width took so long. */
export const workEnds = (draft: Draft, lengthsMs: ByPool): void => {
  for (const [pool, lengthMs] of lengthsMs) change(draft, pool, (load) => load.ended(lengthMs));
};

/** First come, first served would have let work wait so long by now. Written with the next batch that writes anything. */
export const workWaited = (draft: Draft, pool: Pool, longestWaitMs: number): void => {
  if (longestWaitMs > (draft.image.head.loads[pool]?.longestWaitMs ?? 0))
    change(draft, pool, (load) => load.waited(longestWaitMs));
};

const change = (draft: Draft, pool: Pool, how: (load: PoolLoad, size: number) => void): void => {
  const { image } = draft;
  const load = loadOf(image.head.loads, pool);
  how(load, image.sizeOf(pool));
  image.head = { ...image.head, loads: { ...image.head.loads, [pool]: load.numbers } };
};

/** How loaded the pools would be with a run that arrives now. */
export const loadsWith = (image: Image, work: Readonly<Record<Pool, number>>): Loads => {
  const numbers = (pool: Pool) => {
    const load = loadOf(image.head.loads, pool);
    if (work[pool] > 0) load.arrived(work[pool], image.sizeOf(pool));
    return load.numbers;
  };
  return { gpu: numbers('gpu'), cpu: numbers('cpu'), io: numbers('io') };
};
