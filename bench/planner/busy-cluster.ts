import {
  ANYWHERE,
  byArrival,
  type LeaseId,
  NOTHING,
  type NodeId,
  PRIORITY_CLASSES,
  type RunId,
  type RunningLease,
  type TaskKey,
} from '../../src/domain/index.js';
import { Cluster, type Grant, type Policy, plan, type WaitingTask } from '../../src/planner/index.js';
import { source } from '../support/numbers.js';

const NODES = 80;
const DEVICES = 8;
const TENANTS = 20;
/** Devices of a task, as often as they stand here: most work is small, as in the Philly trace. */
const WIDTHS = [1, 1, 1, 1, 1, 1, 2, 2, 4, 8];
/** About how often one of the 250 leases of an hour each ends. */
const STEP_MS = 14_000;
const GIB = 2 ** 30;

/** What the next cycle begins with. */
interface Next {
  readonly task: WaitingTask;
  readonly ended: string | undefined;
}

/** A full cluster of 640 devices with a long queue, as the ledger would keep it up from cycle to cycle. */
export class BusyCluster {
  readonly #cluster: Cluster;
  readonly #random = source(1);
  readonly #tasks = new Map<string, WaitingTask>();
  readonly #leases = new Map<
    string,
    RunningLease & { readonly task: WaitingTask; readonly endsAtMs: number }
  >();
  #nowMs = 1_800_000_000_000;
  #arrivals = 0;
  #granted = 0;
  #next: Next | undefined;

  constructor(
    private readonly policy: Policy,
    waiting: number,
  ) {
    this.#cluster = new Cluster(policy);
    for (let index = 0; index < NODES; index += 1)
      this.#cluster.setNode({
        id: `node-${index}` as NodeId,
        pool: 'gpu',
        capacity: { ...NOTHING, devices: DEVICES, cores: 12 * DEVICES, memoryBytes: 128 * GIB * DEVICES },
        state: 'active',
        incarnation: 1,
        labels: {},
        virtualDevices: false,
      });
    let went = 1;
    while (went > 0 || this.#leases.size < NODES) went = this.#plan(this.#arrive()).grants;
    // The queue has grown as it grows: one task at each step.
    while (this.#tasks.size < waiting)
      this.#wait(this.#task(this.#nowMs - (waiting - this.#tasks.size) * STEP_MS));
  }

  /** Decides what happens next, so that deciding is not measured. */
  prepare(): void {
    let first: { readonly id: string; readonly endsAtMs: number } | undefined;
    for (const lease of this.#leases.values())
      if (first === undefined || lease.endsAtMs < first.endsAtMs) first = lease;
    this.#next = { task: this.#task(), ended: first?.id };
    this.#nowMs += STEP_MS;
  }

  /** One lease ends, one task arrives and asks, the planner decides, and what it decided is done. Returns how many tasks it looked at. */
  cycle(): number {
    if (this.#next === undefined) this.prepare();
    const { task, ended } = this.#next as Next;
    this.#next = undefined;
    if (ended !== undefined) this.#end(ended);
    this.#wait(task);
    return this.#plan(task).considered;
  }

  #arrive(): WaitingTask {
    const task = this.#task();
    this.#wait(task);
    return task;
  }

  #wait(task: WaitingTask): void {
    this.#tasks.set(task.id, task);
    this.#cluster.setTask(task);
  }

  /** Seconds of which the logarithm is spread evenly: from a minute to a day. */
  #task(arrivedAtMs = this.#nowMs): WaitingTask {
    this.#arrivals += 1;
    const run = `pipeline-${this.#arrivals % 200}-${this.#arrivals.toString(36)}`;
    const devices = WIDTHS[Math.floor(this.#random() * WIDTHS.length)] ?? 1;
    const p50Seconds = 60 * 1_440 ** this.#random();
    return {
      id: `${run}/train#1`,
      runId: run as RunId,
      taskKey: 'train' as TaskKey,
      tenant: `tenant-${Math.floor(this.#random() * TENANTS)}`,
      priorityClass: PRIORITY_CLASSES[1 + Math.floor(this.#random() * 4)] ?? 'normal',
      arrival: this.#arrivals,
      readyAtMs: arrivedAtMs,
      options: [
        {
          request: { pool: 'gpu', devices, cores: 8 * devices, memoryBytes: 64 * GIB * devices, slots: 0 },
          speed: 1,
        },
      ],
      placement: { ...ANYWHERE },
      forecast: {
        p50Seconds,
        p90Seconds: p50Seconds * (1 + 3 * this.#random()),
        observations: 20,
        model: 'linear',
        version: '1',
      },
      doneSeconds: 0,
      rank: { ...byArrival(arrivedAtMs), boundMs: 36_000_000, levelDeviceSeconds: 7_200 },
      remainingDeviceSeconds: p50Seconds * devices,
      pathSeconds: p50Seconds,
      deadlineAtMs: null,
      holds: [],
      suspectNodes: [],
      preemptions: 0,
      promised: false,
    };
  }

  #plan(asks: WaitingTask): { readonly grants: number; readonly considered: number } {
    const decided = plan(this.#cluster, this.policy, this.#nowMs, {
      pools: ['gpu'],
      asked: new Set([asks.id]),
    });
    for (const grant of decided.grants) this.#start(grant);
    for (const { leaseId, forId } of decided.preemptions) {
      const promised = this.#tasks.get(forId);
      if (promised && !promised.promised) this.#wait({ ...promised, promised: true });
      this.#giveWay(leaseId);
    }
    return { grants: decided.grants.length, considered: decided.considered };
  }

  #start({ id, pool, option, nodeId, incarnation, devices, also }: Grant): void {
    const task = this.#tasks.get(id) as WaitingTask;
    this.#tasks.delete(id);
    this.#cluster.removeTask(id);
    this.#granted += 1;
    const { p50Seconds, p90Seconds } = task.forecast;
    const lease = {
      id: `lease-${this.#granted}` as LeaseId,
      fencing: this.#granted,
      pool,
      nodeId,
      incarnation,
      devices,
      resources: option.request,
      taskQueue: pool,
      state: 'held',
      runId: task.runId,
      taskKey: task.taskKey,
      attempt: 1,
      tenant: task.tenant,
      priorityClass: task.priorityClass,
      grantedAtMs: this.#nowMs,
      p50Seconds,
      p90Seconds,
      doneSeconds: task.doneSeconds,
      rank: task.rank,
      checkpoints: { everySeconds: 600, lastAtMs: null },
      lossShare: 1,
      overdue: false,
      preemptions: task.preemptions,
      placement: task.placement,
      also,
      givesWayTo: null,
      task,
      endsAtMs: this.#nowMs + p50Seconds * 1_000 * (0.5 + this.#random()),
    } as const;
    this.#leases.set(lease.id, lease);
    this.#cluster.setLease(lease);
    const used = this.#cluster.use.after(task.tenant, p50Seconds * option.request.devices, this.#nowMs);
    this.#cluster.set('use', task.tenant, used);
  }

  #end(id: string): void {
    this.#leases.delete(id);
    this.#cluster.removeLease(id);
  }

  #giveWay(id: LeaseId): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    this.#end(id);
    this.#arrivals += 1;
    this.#wait({
      ...lease.task,
      id: `${lease.task.id.replace(/#\d+$/, '')}#${lease.preemptions + 2}`,
      arrival: this.#arrivals,
      preemptions: lease.preemptions + 1,
      promised: false,
    });
  }
}
