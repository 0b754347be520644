import type { PriorityClass } from '../domain/index.js';
import type { Policy } from './policy.js';

/** What a task's place in the queue is made from. It changes on events only, never by the passing of time. */
export interface QueueKey {
  readonly id: string;
  readonly priorityClass: PriorityClass;
  readonly arrival: number;
}

/** The total order of a queue under a policy: class where the policy says so, then arrival, the id last. */
export const queueOrder = (policy: Policy): ((a: QueueKey, b: QueueKey) => number) => {
  const rank = new Map(policy.classes.map((name, index) => [name, policy.order === 'class' ? index : 0]));
  const rankOf = (key: QueueKey): number => rank.get(key.priorityClass) ?? policy.classes.length;
  return (a, b) => rankOf(a) - rankOf(b) || a.arrival - b.arrival || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
};
