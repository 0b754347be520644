import { POOLS } from '../../domain/index.js';
import { plan, poolsOf } from '../../planner/index.js';
import type { TaskRow } from '../rows.js';
import type { Draft } from './draft.js';
import { defer, grant } from './transitions.js';

/**
 * One planner cycle over the pools in which something changed or of which somebody asked; again while it grants all that it
 * looked at, for then there may be room for those behind. Costs nothing where nothing waits.
 */
export const runCycle = (draft: Draft): void => {
  const { image, surroundings } = draft;
  const { cluster } = image;
  const waiting = [...draft.asked].flatMap((id) => cluster.task(id) ?? []);
  const asked = new Set(waiting.map(({ id }) => id));
  const askedPools = new Set(waiting.flatMap(poolsOf));
  for (;;) {
    const pools = POOLS.filter(
      (pool) => cluster.pool(pool).queue.size > 0 && (image.touched.has(pool) || askedPools.has(pool)),
    );
    image.touched.clear();
    if (pools.length === 0) return;
    const { grants, deferrals, considered } = plan(cluster, surroundings.policy, draft.atMs, {
      pools,
      asked,
    });
    for (const decision of grants) grant(draft, row(draft, decision.id), decision);
    if (grants.length > 0 && grants.length === considered) continue;
    for (const deferral of deferrals) defer(draft, row(draft, deferral.id), deferral);
    image.touched.clear();
    return;
  }
};

const row = (draft: Draft, id: string): TaskRow => draft.image.tasks.get(id) as TaskRow;
