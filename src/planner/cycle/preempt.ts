import {
  add,
  leftSeconds,
  type Option,
  type Resources,
  type RunningLease,
  sizeOf,
  subtract,
} from '../../domain/index.js';
import { type Hold, type Place, type PoolView, type WaitingTask, withoutHold } from '../cluster/index.js';
import type { Preemption } from '../decisions.js';
import type { Policy } from '../policy/read.js';
import { partOf } from './place.js';
import { bindable, candidates, fits, keptApart, type Room, take } from './room.js';
import { runtimeOf } from './runtime.js';

/** A lease that could give way, and what that would cost. */
interface Victim {
  readonly lease: RunningLease;
  readonly hold: Hold;
  readonly classRank: number;
  /** When its hardware would come free anyway, at P50. */
  readonly endsInSeconds: number;
  /** Its key if it stood in the queue with what is left of it. */
  readonly key: number;
  /** Work since its last checkpoint, as far as such work is lost, and stopping and resuming, on its devices. */
  readonly lostDeviceSeconds: number;
}

/** Whom a task may ask: only lower classes; of its own class those with more left to do too; or all of them, for one overdue. */
export type Reach = 'lower-class' | 'larger-of-class' | 'any-of-class';

/** Who gives way in one cycle of one pool. */
export class Preempting {
  readonly #rules: Policy['preemption'];
  readonly #ranks: ReadonlyMap<string, number>;
  /** By node, cheapest first; worked out when the first task asks. */
  #victims: Map<string, readonly Victim[]> | undefined;
  #lowest: number | undefined;

  constructor(
    private readonly pool: PoolView,
    private readonly room: Room,
    policy: Policy,
  ) {
    this.#rules = policy.preemption;
    this.#ranks = new Map(
      policy.classes.map((name, rank) => [name, policy.order.includes('class') ? rank : 0]),
    );
  }

  /**
   * The leases that give way for a task: on one node, of lower classes or with more left to do, the fewest device-seconds lost.
   * Takes the room for the task, so that nobody behind it counts on it. Null where that would not do, or loses more than it gains.
   */
  evictFor(task: WaitingTask, option: Option, reach: Reach): readonly Preemption[] | null {
    if (this.#rules === undefined) return null;
    const rank = this.#ranks.get(task.priorityClass) ?? 0;
    if (reach === 'lower-class' && rank >= this.#lowestClass()) return null;
    const { p50Seconds } = runtimeOf(task, option);
    const size = leftSeconds(p50Seconds, task.doneSeconds / option.speed) * sizeOf(option.request);
    const key = keyFor(reach, size * this.#rules.hysteresis);
    let best: { place: Place; victims: readonly Victim[]; lost: number } | undefined;
    for (const place of candidates(task, option, this.room)) {
      const able = (this.#byNode().get(place.node.id) ?? []).filter((victim) =>
        this.#givesWay(victim, rank, key),
      );
      const victims = enough(able, option.request, bindable(place, this.room));
      const lost = victims?.reduce((sum, { lostDeviceSeconds }) => sum + lostDeviceSeconds, 0) ?? 0;
      if (victims?.length && (best === undefined || lost < best.lost)) best = { place, victims, lost };
    }
    if (best === undefined) return null;
    const soonerSeconds = best.victims.reduce((most, { endsInSeconds }) => Math.max(most, endsInSeconds), 0);
    if (soonerSeconds * sizeOf(option.request) < best.lost) return null;
    return this.#evict(task, option, best.place, best.victims, soonerSeconds);
  }

  /** Within a class only work that is kept gives way: what starts anew is not the smaller for having run. */
  #givesWay({ lease, classRank, key: victimKey }: Victim, rank: number, key: number): boolean {
    if (classRank !== rank) return classRank > rank;
    const { victims } = this.#rules ?? {};
    return victims === 'larger-remaining' && lease.checkpoints !== null && !lease.overdue && victimKey > key;
  }

  #evict(
    task: WaitingTask,
    option: Option,
    place: Place,
    victims: readonly Victim[],
    soonerSeconds: number,
  ): readonly Preemption[] | null {
    const { places, closed } = this.room;
    const index = places.findIndex(({ node }) => node.id === place.node.id);
    const emptied = victims.reduce((rest, { lease }) => withoutHold(rest, lease.id, lease.devices), place);
    if (keptApart(task, emptied).length > 0) return null;
    places[index] = emptied;
    take(task, option, [partOf(emptied, option.request)], this.room);
    closed.set(place.node.id, task.id);
    const gone = new Set(victims);
    const left = (this.#byNode().get(place.node.id) ?? []).filter((victim) => !gone.has(victim));
    this.#byNode().set(place.node.id, left);
    return victims.map(({ lease, lostDeviceSeconds }) => ({
      leaseId: lease.id,
      forId: task.id,
      lostDeviceSeconds,
      soonerSeconds,
    }));
  }

  /** The rank of the lowest class that anybody runs in. */
  #lowestClass(): number {
    this.#lowest ??= Math.max(-1, ...[...this.#byNode().values()].map(([first]) => first?.classRank ?? -1));
    return this.#lowest;
  }

  #byNode(): Map<string, readonly Victim[]> {
    this.#victims ??= new Map(
      this.room.places
        .map((place) => [place.node.id, this.#able(place)] as const)
        .filter(([, victims]) => victims.length > 0),
    );
    return this.#victims;
  }

  #able(place: Place): readonly Victim[] {
    return place.holds
      .flatMap((hold) => {
        const lease = this.pool.leases.get(hold.id);
        return lease !== undefined && this.#isUnprotected(lease) ? [this.#victim(lease, hold)] : [];
      })
      .sort(cheapestFirst);
  }

  #isUnprotected({ state, preemptions, grantedAtMs, also }: RunningLease): boolean {
    const { maxPreemptions = 0, protectSeconds = 0 } = this.#rules ?? {};
    const ranMs = this.room.atMs - grantedAtMs;
    return (
      state === 'held' && also.length === 0 && preemptions < maxPreemptions && ranMs >= protectSeconds * 1_000
    );
  }

  #victim(lease: RunningLease, hold: Hold): Victim {
    const size = sizeOf(lease.resources);
    const doneSeconds = lease.doneSeconds + (this.room.atMs - lease.grantedAtMs) / 1_000;
    const seconds = leftSeconds(lease.p50Seconds, doneSeconds);
    return {
      lease,
      hold,
      endsInSeconds: (hold.endsAtMs - this.room.atMs) / 1_000,
      classRank: this.#ranks.get(lease.priorityClass) ?? 0,
      key: seconds * size,
      lostDeviceSeconds:
        (unsafeSeconds(lease, this.room.atMs) * lease.lossShare + (this.#rules?.resumeSeconds ?? 0)) * size,
    };
  }
}

/** What a victim of the same class must have left to do more than. */
const keyFor = (reach: Reach, size: number): number => {
  if (reach === 'any-of-class') return Number.NEGATIVE_INFINITY;
  return reach === 'lower-class' ? Number.POSITIVE_INFINITY : size;
};

/** Lowest class first, then what loses least per device, then who has most left to do. */
const cheapestFirst = (a: Victim, b: Victim): number =>
  b.classRank - a.classRank ||
  a.lostDeviceSeconds / sizeOf(a.lease.resources) - b.lostDeviceSeconds / sizeOf(b.lease.resources) ||
  b.key - a.key ||
  (a.lease.id < b.lease.id ? -1 : 1);

/** The first victims that together with what is free are enough, without those that turn out not to be needed. Null where all are not. */
const enough = (victims: readonly Victim[], asked: Resources, free: Resources): readonly Victim[] | null => {
  const chosen: Victim[] = [];
  let room = free;
  for (const victim of victims) {
    if (fits(asked, room)) break;
    chosen.push(victim);
    room = add(room, victim.hold.resources);
  }
  if (!fits(asked, room)) return null;
  return chosen.filter(({ hold }) => {
    const without = subtract(room, hold.resources);
    if (!fits(asked, without)) return true;
    room = without;
    return false;
  });
};

/** How much work a lease has done since its last checkpoint. */
const unsafeSeconds = ({ grantedAtMs, checkpoints }: RunningLease, atMs: number): number => {
  const ranSeconds = (atMs - grantedAtMs) / 1_000;
  if (checkpoints === null) return ranSeconds;
  const { everySeconds, lastAtMs } = checkpoints;
  if (lastAtMs !== null) return Math.min(ranSeconds, (atMs - lastAtMs) / 1_000);
  if (everySeconds === null) return ranSeconds;
  return everySeconds === 0 ? 0 : ranSeconds % everySeconds;
};
