import { POOLS } from '../../domain/index.js';
import type { LeaseRow } from '../rows/index.js';
import { tendBreakers } from '../state/breakers.js';
import { countOverruns } from '../state/charges.js';
import type { Command } from '../state/group-commit.js';
import { remindToGiveWay } from '../state/transitions/index.js';
import { endPauses } from './pauses.js';

/**
 * Looks again at all that waits: pauses, holds, windows and budgets' days end, running work loses its protection, and outruns what
 * it was expected to cost, by the mere passing of time. Tells those once more to give way that are late, for a signal that came
 * before its attempt had begun has no effect.
 */
export const wake = (isLate: (lease: LeaseRow) => boolean): Command<void> => ({
  apply(draft) {
    endPauses(draft);
    const { image, surroundings } = draft;
    tendBreakers(draft);
    const { preemption, windows, holds, budgets, spending } = surroundings.policy;
    const changesByTime =
      preemption !== undefined ||
      spending !== undefined ||
      windows.length + holds.length + Object.keys(budgets).length > 0;
    countOverruns(draft);
    for (const pool of POOLS) {
      const { queue, givingWay } = image.cluster.pool(pool);
      if (changesByTime && queue.size > 0) image.touched.add(pool);
      for (const { id } of givingWay) {
        const lease = image.liveLease(id);
        if (lease?.state === 'preempting' && isLate(lease)) remindToGiveWay(draft, lease);
      }
    }
    return () => undefined;
  },
});
