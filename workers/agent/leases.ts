import { type Hold, LeaseRefused } from '../../activities/tasks/index.js';
import type { HeartbeatRequest, Lease, LeaseMark, NodeId, Resources } from '../../src/domain/index.js';
import { add, NOTHING, shortages, subtract } from '../../src/domain/index.js';
import { Changes } from '../changes.js';

/** Where the leases stand with the API. */
export interface Standing {
  readonly incarnation: number;
  /** `renewing`: cut off from the API, so a lease has to wait; `draining`: takes no more. */
  readonly state: 'open' | 'renewing' | 'draining';
}

/** Why an attempt must leave: aborts a hold's signals as their reason. */
export interface Stop {
  readonly kind: 'draining' | 'preempted' | 'revoked';
  readonly message: string;
}

interface Held {
  readonly lease: Lease;
  readonly startedAtMs: number;
  readonly leave: AbortController;
  readonly kill: AbortController;
  progress: number | null;
  memoryBytes: number | null;
  cpuSeconds: number | null;
  checkpointAtMs?: number;
  memoryFullInSeconds?: number;
}

/** Told when something that must outlive the worker happens to a lease. */
export interface LeaseListener {
  launched(lease: string, group: number): void;
  ended(lease: Lease): void;
  /** There is news of it that must not wait for the next heartbeat. */
  urgent(): void;
}

/** One heartbeat names at most so many ended leases: an API may refuse bodies over 100 kB. The rest goes with the next. */
const ENDED_PER_BEAT = 500;
/** Ended leases that are remembered only to refuse their second use. */
const REMEMBERED = 20_000;

/**
 * The leases in use on this node. Guards the hardware: a lease is used once, and only when nothing on this node still holds
 * what it is for.
 */
export class Leases {
  readonly #held = new Map<string, Held>();
  readonly #used = new Set<string>();
  readonly #ended = new Map<string, { leaseId: string; fencing: number; endedAtMs: number }>();
  /** Leases that wait for their hardware, by id. */
  readonly #coming = new Map<string, AbortController>();
  readonly #changes = new Changes();

  constructor(
    private readonly nodeId: NodeId,
    private readonly capacity: Resources,
    private readonly standing: () => Standing,
    private readonly listener: LeaseListener,
  ) {}

  /** Takes a lease, waiting until its hardware is free here. Throws `LeaseRefused`, or the signal's reason. */
  async take(lease: Lease, signal: AbortSignal): Promise<Hold> {
    this.#admit(lease);
    this.#remember(lease.id);
    const refused = new AbortController();
    this.#coming.set(lease.id, refused);
    try {
      while (this.standing().state === 'renewing' || !this.#fits(lease)) {
        await this.#changes.next(AbortSignal.any([signal, refused.signal]));
        this.#checkStanding(lease);
      }
      return this.#hold(lease);
    } finally {
      this.#coming.delete(lease.id);
    }
  }

  /** These were taken back before they began here: they never will, and count as ended. One that has begun is killed. */
  refuse(leases: readonly LeaseMark[]): void {
    for (const { leaseId, fencing } of leases) {
      if (this.#held.has(leaseId)) {
        this.kill('Its lease has been taken back.', [leaseId]);
        continue;
      }
      this.#remember(leaseId);
      this.#coming.get(leaseId)?.abort(new LeaseRefused(`Lease ${leaseId} has been taken back.`));
      this.#ended.set(leaseId, { leaseId, fencing, endedAtMs: Date.now() });
    }
  }

  /** What a heartbeat says of them. */
  report(): Pick<HeartbeatRequest, 'running' | 'ended'> {
    const running = [...this.#held.values()].map(
      ({ lease, startedAtMs, progress, memoryBytes, cpuSeconds, checkpointAtMs, memoryFullInSeconds }) => ({
        leaseId: lease.id,
        fencing: lease.fencing,
        startedAtMs,
        progress,
        memoryBytes,
        cpuSeconds,
        ...(checkpointAtMs === undefined ? {} : { checkpointAtMs }),
        ...(memoryFullInSeconds === undefined ? {} : { memoryFullInSeconds }),
      }),
    );
    return { running, ended: [...this.#ended.values()].slice(0, ENDED_PER_BEAT) };
  }

  /** The API has taken note of these ends. */
  acknowledge(ended: HeartbeatRequest['ended']): void {
    for (const { leaseId } of ended) this.#ended.delete(leaseId);
  }

  /** Asks every attempt to leave with its grace. */
  drain(message: string): void {
    for (const { leave } of this.#held.values()) leave.abort({ kind: 'draining', message } satisfies Stop);
    this.wake();
  }

  /** Asks one attempt to leave with its grace; asked again, it goes on leaving. */
  leave(id: string, message: string): void {
    this.#held.get(id)?.leave.abort({ kind: 'preempted', message } satisfies Stop);
  }

  /** Ends attempts at once: the named leases', or all. */
  kill(message: string, leases?: readonly string[]): void {
    for (const id of leases ?? this.#held.keys()) {
      this.#held.get(id)?.kill.abort({ kind: 'revoked', message } satisfies Stop);
    }
    this.wake();
  }

  /** The standing has changed: what waits looks again. */
  wake(): void {
    this.#changes.announce();
  }

  /** Whether any attempt holds anything here. */
  get busy(): boolean {
    return this.#held.size > 0;
  }

  /** Resolves when no attempt holds anything here any more. */
  async empty(): Promise<void> {
    while (this.busy) await this.#changes.next(new AbortController().signal);
  }

  #admit(lease: Lease): void {
    this.#checkStanding(lease);
    if (this.#used.has(lease.id)) throw new LeaseRefused(`Lease ${lease.id} has been used already.`);
    if (lease.nodeId !== null && lease.nodeId !== this.nodeId) {
      throw new LeaseRefused(`Lease ${lease.id} is for node ${lease.nodeId}, not ${this.nodeId}.`);
    }
    const lacking = shortages(lease.resources, this.capacity);
    const absent = lease.devices.filter((device) => device >= this.capacity.devices);
    if (lacking.length > 0 || absent.length > 0) {
      throw new LeaseRefused(
        `Lease ${lease.id} asks for more than ${this.nodeId} has (${lacking.join(', ')}).`,
      );
    }
  }

  #checkStanding(lease: Lease): void {
    const { incarnation, state } = this.standing();
    if (state === 'draining') throw new LeaseRefused(`Node ${this.nodeId} is draining.`);
    if (lease.nodeId !== null && lease.incarnation !== incarnation) {
      throw new LeaseRefused(
        `Lease ${lease.id} was granted to incarnation ${lease.incarnation} of ${this.nodeId}; this is ${incarnation}.`,
      );
    }
  }

  #remember(id: string): void {
    this.#used.add(id);
    if (this.#used.size > REMEMBERED) this.#used.delete(this.#used.values().next().value as string);
  }

  #fits(lease: Lease): boolean {
    const held = [...this.#held.values()].map((held) => held.lease);
    const used = held.reduce((sum, { resources }) => add(sum, resources), NOTHING);
    const busy = new Set(held.flatMap(({ devices }) => devices));
    return (
      shortages(lease.resources, subtract(this.capacity, used)).length === 0 &&
      !lease.devices.some((device) => busy.has(device))
    );
  }

  #hold(lease: Lease): Hold {
    const held: Held = {
      lease,
      startedAtMs: Date.now(),
      leave: new AbortController(),
      kill: new AbortController(),
      progress: null,
      memoryBytes: null,
      cpuSeconds: null,
    };
    this.#held.set(lease.id, held);
    return {
      leave: held.leave.signal,
      kill: held.kill.signal,
      launched: (group) => this.listener.launched(lease.id, group),
      report: (news) => {
        const urgent = news.memoryFullInSeconds !== undefined && held.memoryFullInSeconds === undefined;
        Object.assign(held, news);
        if (urgent) this.listener.urgent();
      },
      end: () => this.#end(lease),
    };
  }

  #end(lease: Lease): void {
    if (!this.#held.delete(lease.id)) return;
    this.#ended.set(lease.id, { leaseId: lease.id, fencing: lease.fencing, endedAtMs: Date.now() });
    this.listener.ended(lease);
    this.wake();
  }
}
