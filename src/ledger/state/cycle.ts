import { POOLS, type Pool } from '../../domain/index.js';
import { type Deferral, type Policy, patienceFor, plan, poolsOf } from '../../planner/index.js';
import type { LeaseRow, TaskRow } from '../rows/index.js';
import { workChanged, workWaited } from './arriving.js';
import { stopSpending } from './charges.js';
import type { Draft } from './draft.js';
import { loadOf } from './load.js';
import { deviceSecondsOf } from './run-work.js';
import { defer, grant, lapsePromises, preempt, refuse } from './transitions/index.js';

/**
 * One planner cycle over the pools in which something changed or of which somebody asked; again while it grants all that it
 * looked at, for then there may be room for those behind, and after it made others give way. Costs nothing where nothing waits.
 */
export const runCycle = (draft: Draft): void => {
  const { cluster } = draft.image;
  look(draft);
  resize(draft);
  const waiting = [...draft.asked].flatMap((id) => cluster.task(id) ?? []);
  const scope = { asked: new Set(waiting.map(({ id }) => id)), pools: new Set(waiting.flatMap(poolsOf)) };
  while (planOnce(draft, scope));
  lapsePromises(draft);
  stopSpending(draft);
  draft.image.touched.clear();
};

/** How long first come, first served would have let work wait by now, and the bound on waiting that follows. */
const look = (draft: Draft): void => {
  const { image, atMs, surroundings } = draft;
  image.virtual.advance(atMs, image.sizeOf);
  for (const pool of POOLS) {
    workWaited(draft, pool, image.virtual.longestWaitMs(pool));
    image.cluster.setPatience(pool, patienceFor(loadOf(image.head.loads, pool), surroundings.policy));
  }
};

/** One pass of the planner; true where another may find more. */
const planOnce = (
  draft: Draft,
  { asked, pools: askedPools }: { readonly asked: ReadonlySet<string>; readonly pools: ReadonlySet<Pool> },
): boolean => {
  const { image, surroundings, atMs } = draft;
  const { cluster, touched } = image;
  const spans = spansPools(surroundings.policy) && touched.size > 0;
  const pools = POOLS.filter(
    (pool) => cluster.pool(pool).queue.size > 0 && (spans || touched.has(pool) || askedPools.has(pool)),
  );
  touched.clear();
  if (pools.length === 0) return false;
  const decided = plan(cluster, surroundings.policy, atMs, { pools, asked });
  const { version: policyVersion } = surroundings.policy;
  const cycle = { atMs, policyVersion, scope: { pools, asked: [...asked] } };
  draft.append('cycles', image.journal.record(draft.next('events'), cycle, decided));
  const { grants, preemptions, deferrals, considered } = decided;
  for (const decision of grants) grant(draft, task(draft, decision.id), decision);
  for (const decision of preemptions) preempt(draft, lease(draft, decision.leaseId), decision);
  if (preemptions.length > 0 || (grants.length > 0 && grants.length === considered)) return true;
  for (const deferral of deferrals) wait(draft, task(draft, deferral.id), deferral);
  return false;
};

/** Whether what happens in one pool may let work start in another. */
const spansPools = ({ limits, budgets, quotas, spending }: Policy): boolean =>
  Object.keys(limits).length + Object.keys(budgets).length > 0 ||
  quotas !== undefined ||
  spending !== undefined;

/** A task waits, unless it would wait for a budget and the policy says that such work is refused. */
const wait = (draft: Draft, row: TaskRow, deferral: Deferral): void => {
  const { budgets } = draft.surroundings.policy;
  const tenant = draft.image.runs.get(row.runId)?.tenant ?? '';
  const empty = deferral.blockers.filter(({ code }) => code === 'budget-exhausted');
  if (empty.length > 0 && budgets[tenant]?.exhausted === 'reject') refuse(draft, row, empty);
  else defer(draft, row, deferral);
};

const task = (draft: Draft, id: string): TaskRow => draft.image.tasks.get(id) as TaskRow;
const lease = (draft: Draft, id: string): LeaseRow => draft.image.leases.get(id) as LeaseRow;

/** A waiting task is put in its new place once its siblings speak for so many times the size that it was taken for. */
const RESIZE_AT = 2;

/** Waiting tasks whose siblings run longer than forecast are taken for longer too. */
const resize = (draft: Draft): void => {
  const { siblings, runs } = draft.image;
  for (const id of siblings.changed(draft.atMs)) {
    const row = task(draft, id);
    const run = runs.get(row.runId);
    if (run === undefined) continue;
    const takenSeconds = Math.max(row.forecast.p50Seconds, siblings.evidence(row, run));
    const before = row.takenSeconds ?? row.forecast.p50Seconds;
    if (takenSeconds < RESIZE_AT * before && before < RESIZE_AT * takenSeconds) continue;
    const next = { ...row, takenSeconds };
    workChanged(draft, row.request.pool, deviceSecondsOf(next) - deviceSecondsOf(row));
    draft.put('tasks', next);
  }
};
