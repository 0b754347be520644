import { POOLS, type Pool } from '../../domain/index.js';
import { plan } from '../../planner/index.js';
import type { TaskRow } from '../rows.js';
import type { Draft } from './draft.js';
import { poolSnapshot } from './snapshot.js';
import { defer, grant } from './transitions.js';

/**
 * One planner cycle over the pools in which something changed or of which somebody asked; again while it grants all that it
 * looked at, for then there may be room for those behind. Costs nothing where nothing waits.
 */
export const runCycle = (draft: Draft): void => {
  const { image } = draft;
  const asked = waitingAsked(draft);
  const pools = POOLS.filter(
    (pool) =>
      image.pool(pool).waiting.size > 0 &&
      (image.touched.has(pool) || asked.some((task) => task.request.pool === pool)),
  );
  image.touched.clear();
  for (const pool of pools)
    planPool(
      draft,
      pool,
      asked.filter((task) => task.request.pool === pool),
    );
};

const planPool = (draft: Draft, pool: Pool, asked: readonly TaskRow[]): void => {
  const { policy } = draft.surroundings;
  for (;;) {
    const snapshot = poolSnapshot(draft.image, pool, policy.lookAhead, asked);
    const { grants, deferrals } = plan({ pools: [snapshot], asked: draft.asked }, policy, draft.atMs);
    for (const decision of grants) grant(draft, row(draft, decision.id), decision);
    const wholeHeadWent = grants.length > 0 && grants.length === snapshot.waiting.length;
    if (wholeHeadWent && draft.image.pool(pool).waiting.size > 0) continue;
    for (const deferral of deferrals) defer(draft, row(draft, deferral.id), deferral);
    return;
  }
};

const row = (draft: Draft, id: string): TaskRow => draft.image.tasks.get(id) as TaskRow;

const waitingAsked = (draft: Draft): readonly TaskRow[] =>
  [...draft.asked].flatMap((id) => {
    const task = draft.image.tasks.get(id);
    return task?.state === 'waiting' ? [task] : [];
  });
