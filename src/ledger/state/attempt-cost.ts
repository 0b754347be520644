import { microUsdOf } from '../../domain/index.js';
import type { TaskRow } from '../rows/index.js';
import type { Draft } from './draft.js';

/** What an attempt cost by its pool's prices, and what of that was for work that must be done again, in micro-dollars. */
export const costOf = (draft: Draft, task: TaskRow, ranSeconds: number, lostSeconds: number | null) => {
  const lease = task.leaseId === null ? undefined : draft.image.liveLease(task.leaseId);
  const prices = draft.surroundings.policy.pools[lease?.pool ?? task.request.pool];
  const held = lease?.resources ?? task.request;
  return {
    costMicroUsd: microUsdOf(held, prices, ranSeconds),
    lostMicroUsd: microUsdOf(held, prices, lostSeconds ?? 0),
  };
};
