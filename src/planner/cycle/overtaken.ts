import type { WaitingTask } from '../cluster/index.js';
import type { Overtaken } from '../decisions.js';
import type { Policy } from '../policy/read.js';

/** A task that a pass has looked at, and its place in the order. */
export interface Seen {
  readonly task: WaitingTask;
  readonly place: number;
}

/** Those who came before it and could not go: at most three, for the record. */
export const overtakenBy = (seen: Seen, waits: readonly Seen[], policy: Policy): readonly Overtaken[] => {
  const found: Overtaken[] = [];
  for (const other of waits) {
    if (other.task.arrival >= seen.task.arrival) continue;
    const { runId, taskKey, priorityClass } = other.task;
    found.push({ runId, taskKey, priorityClass, because: reason(seen, other, policy) });
    if (found.length === 3) break;
  }
  return found;
};

const reason = (seen: Seen, other: Seen, { order }: Policy): Overtaken['because'] => {
  if (other.task.holds.length > 0) return 'held';
  if (other.place < seen.place) return 'backfill';
  if (order.includes('class') && other.task.priorityClass !== seen.task.priorityClass) return 'class';
  return order.includes('share') && other.task.tenant !== seen.task.tenant ? 'share' : 'size';
};
