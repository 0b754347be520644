import { type Blocker, NOTHING } from '../../domain/index.js';
import type { Cluster, WaitingTask } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';
import type { Started } from './started.js';
import { amountOf } from './words.js';

/** The kinds of hardware that a quota bounds. */
const QUOTA_KINDS = ['devices', 'cores', 'slots'] as const;
export type QuotaKind = (typeof QUOTA_KINDS)[number];

/** One bound of a tenant's quota, and what a waiting task would take of it: by the largest place that it lists. */
export interface QuotaClaim {
  readonly kind: QuotaKind;
  readonly most: number;
  readonly amount: number;
}

/** What of its tenant's quota a task would take; nothing where the tenant has none. */
export const quotaClaims = ({ tenant, options }: WaitingTask, { quotas }: Policy): readonly QuotaClaim[] => {
  const quota = quotas?.[tenant];
  if (quota === undefined) return [];
  return QUOTA_KINDS.flatMap((kind) => {
    const amount = Math.max(...options.map(({ request }) => request[kind]));
    const most = quota[kind];
    return most === undefined || amount === 0 ? [] : [{ kind, most, amount }];
  });
};

/** How much of one kind the tenant holds, this cycle's starts included. */
const heldOf = (kind: QuotaKind, tenant: string, cluster: Cluster, started: Started): number =>
  cluster.heldBy(tenant)[kind] + (started.held.get(tenant) ?? NOTHING)[kind];

/** Whether its tenant holds so much that the task must wait for its own work to end. */
export const isOverQuota = (task: WaitingTask, cluster: Cluster, policy: Policy, started: Started): boolean =>
  quotaClaims(task, policy).some(
    ({ kind, most, amount }) => heldOf(kind, task.tenant, cluster, started) + amount > most,
  );

/** The same in words: each kind of which the tenant would hold too much. */
export const overQuota = (
  task: WaitingTask,
  cluster: Cluster,
  policy: Policy,
  started: Started,
): readonly Blocker[] =>
  quotaClaims(task, policy).flatMap(({ kind, most, amount }) => {
    const held = heldOf(kind, task.tenant, cluster, started);
    if (held + amount <= most) return [];
    const detail = `${task.tenant} holds ${amountOf(kind, held)} of the ${most} that it may hold at once, it needs ${amount}`;
    return [{ code: 'quota-reached', detail }];
  });
