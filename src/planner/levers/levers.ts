import type { Cluster, WaitingTask } from '../cluster/index.js';
import { listing, span } from '../cycle/words.js';
import { plan } from '../plan.js';
import type { Policy } from '../policy/read.js';
import { changesTo } from './changes.js';
import { endingsFor } from './endings.js';

/** What would make a waiting task start sooner. */
export interface Lever {
  /** For people: "with priority high: 14 min sooner", "with 2 devices instead of 4: now". */
  readonly sentence: string;
  /** When it would be expected to start, at P50. */
  readonly startAtMs: number;
  /** How much sooner that is; null where now no end of its waiting is in sight. */
  readonly soonerMs: number | null;
}

/** A lever that moves less than this share of the wait is not worth naming. */
const WORTH = 0.1;
const MOST = 5;

/**
 * What would make a waiting task start sooner, by how much: each change is planned again, so this is for when somebody asks. The
 * cluster is lent for the trials and comes back as it was: the same content makes the same cluster. The best first, at most five.
 */
export const levers = (cluster: Cluster, policy: Policy, atMs: number, taskId: string): readonly Lever[] => {
  const task = cluster.task(taskId);
  if (task === undefined) return [];
  const now = startOf(task, cluster, policy, atMs);
  if (now <= atMs) return [];
  const worth = atMs + (now - atMs) * (1 - WORTH);
  return trials(task, cluster, policy, atMs)
    .filter(({ startAtMs }) => startAtMs < Number.POSITIVE_INFINITY && startAtMs <= worth)
    .sort((a, b) => a.startAtMs - b.startAtMs)
    .slice(0, MOST)
    .map(({ words, startAtMs }) => lever(words, startAtMs, now, atMs));
};

interface Trial {
  readonly words: string;
  readonly startAtMs: number;
}

const trials = (task: WaitingTask, cluster: Cluster, policy: Policy, atMs: number): readonly Trial[] => [
  ...changesTo(task, policy, atMs).flatMap((kind) =>
    mildest(
      kind.map((change) => ({
        words: change.words,
        startAtMs: lent(cluster, task, change.task, () => startOf(change.task, cluster, policy, atMs)),
      })),
    ),
  ),
  ...endingsFor(task, cluster, atMs).map((leases) => ({
    words: `if ${listing(
      leases.map(({ runId, taskKey }) => `${runId}/${taskKey}`),
      leases.length,
    )} ended now`,
    startAtMs: without(cluster, leases, () => startOf(task, cluster, policy, atMs)),
  })),
];

/** Of one kind only those changes that gain something over milder ones. */
const mildest = (kind: readonly Trial[]): readonly Trial[] =>
  kind.filter(({ startAtMs }, at) => kind.slice(0, at).every((milder) => startAtMs < milder.startAtMs));

/** When it is expected to start; infinite where nobody knows. */
const startOf = ({ id }: WaitingTask, cluster: Cluster, policy: Policy, atMs: number): number => {
  const { grants, preemptions, deferrals } = plan(cluster, policy, atMs, { asked: new Set([id]) });
  if (grants.some((grant) => grant.id === id) || preemptions.some(({ forId }) => forId === id)) return atMs;
  return deferrals.find((deferral) => deferral.id === id)?.etaP50Ms ?? Number.POSITIVE_INFINITY;
};

const lent = <Result>(
  cluster: Cluster,
  task: WaitingTask,
  changed: WaitingTask,
  ask: () => Result,
): Result => {
  cluster.setTask(changed);
  try {
    return ask();
  } finally {
    cluster.setTask(task);
  }
};

const without = <Result>(
  cluster: Cluster,
  leases: readonly Parameters<Cluster['setLease']>[0][],
  ask: () => Result,
): Result => {
  for (const { id } of leases) cluster.removeLease(id);
  try {
    return ask();
  } finally {
    for (const lease of leases) cluster.setLease(lease);
  }
};

const lever = (words: string, startAtMs: number, now: number, atMs: number): Lever => {
  const soonerMs = now === Number.POSITIVE_INFINITY ? null : now - startAtMs;
  const gain = soonerMs === null ? `in ${span(startAtMs - atMs)}` : `${span(soonerMs)} sooner`;
  return { sentence: `${words}: ${startAtMs <= atMs ? 'now' : gain}`, startAtMs, soonerMs };
};
