import { keyOf } from '../../domain/index.js';
import type { Policy } from '../policy/read.js';
import { SortedList } from './sorted-list.js';
import type { WaitingTask } from './waiting-task.js';

/** What a tenant has used, weighed by its share: who has used least goes first. */
export type ShareOf = (tenant: string) => number;

/** A waiting task with its key, worked out once. */
interface Entry {
  readonly task: WaitingTask;
  readonly key: number;
}

/** The waiting tasks of one class and tenant (of one class where the policy knows no shares). */
interface Lane {
  readonly tenant: string;
  readonly entries: SortedList<Entry>;
}

/**
 * A pool's waiting tasks in the policy's total order: class, tenants' shares, key, the longest path first within a run, arrival,
 * id. An index: a cycle reads only its head.
 */
export class WaitingQueue {
  readonly #lanes = new Map<string, Lane>();
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly policy: Pick<Policy, 'order' | 'classes'>) {}

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): WaitingTask | undefined {
    return this.#entries.get(id)?.task;
  }

  /** Takes a task in, or in anew where something about it has changed. */
  set(task: WaitingTask): void {
    this.remove(task.id);
    const entry = { task, key: keyOf(task.rank, task.remainingDeviceSeconds) };
    this.#entries.set(task.id, entry);
    this.#lane(task).entries.add(entry);
  }

  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    const lane = this.#lane(entry.task);
    lane.entries.remove(entry);
    if (lane.entries.size === 0) this.#lanes.delete(this.#laneName(entry.task));
  }

  /**
   * The queue from its head, at most `limit` long. Within a class the tenant with the least share goes first; `shareOf` is asked
   * before each task, so a tenant that was just given something falls back. No tenant takes the whole look-ahead.
   */
  *inOrder(limit: number, shareOf: ShareOf): Generator<WaitingTask> {
    let left = limit;
    for (const lanes of this.#byClass()) {
      const most = Math.ceil(left / lanes.length);
      for (const task of merged(lanes, most, shareOf)) {
        if (left === 0) return;
        left -= 1;
        yield task;
      }
    }
  }

  /** How many go before the task, as shares stand. */
  indexOf(task: WaitingTask, shareOf: ShareOf): number {
    const entry = { task, key: keyOf(task.rank, task.remainingDeviceSeconds) };
    const own = this.#rankOf(task);
    let before = 0;
    for (const [name, lane] of this.#lanes) {
      const rank = Number(name.slice(0, name.indexOf('/')));
      if (rank > own) continue;
      if (rank < own || goesFirst(lane.tenant, task.tenant, shareOf)) before += lane.entries.size;
      else if (name === this.#laneName(task)) before += lane.entries.indexOf(entry);
    }
    return before;
  }

  #byClass(): readonly (readonly Lane[])[] {
    const classes = new Map<number, Lane[]>();
    for (const [name, lane] of this.#lanes) {
      const rank = Number(name.slice(0, name.indexOf('/')));
      classes.set(rank, [...(classes.get(rank) ?? []), lane]);
    }
    return [...classes].sort(([a], [b]) => a - b).map(([, lanes]) => lanes);
  }

  #rankOf({ priorityClass, promised }: WaitingTask): number {
    if (promised) return -1;
    return this.policy.order.includes('class') ? this.policy.classes.indexOf(priorityClass) : 0;
  }

  #laneName(task: WaitingTask): string {
    return `${this.#rankOf(task)}/${this.policy.order.includes('share') ? task.tenant : ''}`;
  }

  #lane(task: WaitingTask): Lane {
    const name = this.#laneName(task);
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = {
        tenant: this.policy.order.includes('share') ? task.tenant : '',
        entries: new SortedList(inLane),
      };
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}

const inLane = (a: Entry, b: Entry): number =>
  a.key - b.key ||
  b.task.pathSeconds - a.task.pathSeconds ||
  a.task.arrival - b.task.arrival ||
  (a.task.id < b.task.id ? -1 : a.task.id > b.task.id ? 1 : 0);

const goesFirst = (a: string, b: string, shareOf: ShareOf): boolean =>
  a !== b && (shareOf(a) < shareOf(b) || (shareOf(a) === shareOf(b) && a < b));

function* merged(lanes: readonly Lane[], most: number, shareOf: ShareOf): Generator<WaitingTask> {
  const [only] = lanes;
  if (only !== undefined && lanes.length === 1) {
    for (const { task } of only.entries) yield task;
    return;
  }
  const open = lanes.map(({ tenant, entries }) => ({ tenant, next: entries[Symbol.iterator](), left: most }));
  while (open.length > 0) {
    const lane = open.reduce((best, other) => (goesFirst(other.tenant, best.tenant, shareOf) ? other : best));
    const { value, done } = lane.next.next();
    if (done || lane.left === 0) open.splice(open.indexOf(lane), 1);
    else {
      lane.left -= 1;
      yield value.task;
    }
  }
}
