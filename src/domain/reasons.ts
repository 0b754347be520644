/** Why a task waits or can never run: one list, each with a sentence for people. */
export const REASONS = {
  'no-capacity': 'all hardware that could run it is in use',
  'no-node': 'no live node of its pool could hold it',
  'behind-queue': 'others stand before it in the queue',
  paused: 'its pool, or everything, is paused',
  pinned: 'a person has pinned it to one node',
  'run-paused': 'its run is paused',
  held: 'somebody, or the policy, holds it',
  'window-closed': 'the policy lets it start in a window that is closed now',
  'limit-reached': 'a named limit that it counts against is reached',
  'budget-exhausted': "its tenant's budget is spent",
  'quota-reached': 'its tenant holds as much as it may at once',
  'spending-stopped': 'what all tenants together may spend is spent',
  'kept-apart': 'it must not run beside what runs there',
  'better-elsewhere': 'it waits for a place that suits it better',
  'node-failing': 'the nodes with room fail too much of their work',
  'pool-failing': 'too much fails in its pool, or the pool is only beginning again',
  'endpoint-failing': 'a service that it calls fails too much',
  'never-fits': 'no node of its pool is large enough, even when empty',
  'no-larger-slot': 'it ran out of memory, and no node of its pool has more',
  'node-suspect': 'the nodes with room have just failed it',
} as const;

export type ReasonCode = keyof typeof REASONS;

/** One reason why a task does not start now; a decision lists all that hold, not the first only. */
export interface Blocker {
  readonly code: ReasonCode;
  /** The particulars: "2 of 2 devices on gpu-1 are held by nightly-train-x1/train[0] until about 14:20". */
  readonly detail: string;
}
