import {
  leftSeconds,
  microUsdOf,
  type NodeId,
  POOLS,
  type Pool,
  periodEnd,
  remaining,
  sizeOf,
} from '../../domain/index.js';
import { Overruns } from '../../forecast/index.js';
import { Cluster, type Grant, type Policy, plan } from '../../planner/index.js';
import type {
  Fleet,
  QueueSample,
  SimNode,
  SimOptions,
  SimulationResult,
  Workload,
} from '../workload/types.js';
import { Agenda } from './agenda.js';
import { courseOf, keptSeconds } from './attempt.js';
import { type Forecasts, forecastsFor } from './forecasts.js';
import { foresee } from './foresee.js';
import { learnHistory } from './history.js';
import { attemptName, leaseOf, waitingTask } from './planner-view.js';
import { PoolLoads } from './pool-loads.js';
import { recordOf } from './record.js';
import { latestStart, widthIn, workByPool } from './run-work.js';
import { Spending } from './spending.js';
import {
  observationOf,
  type PoolWork,
  type RunState,
  runState,
  setPaths,
  subjectOf,
  type TaskState,
} from './state.js';
import { termsOf } from './terms.js';

type Event =
  | { readonly kind: 'end'; readonly task: TaskState; readonly attempt: number; readonly fails: boolean }
  | { readonly kind: 'node-comes' | 'node-goes'; readonly node: SimNode }
  | { readonly kind: 'wake' };

/** What is due at one instant is done in this order; then whatever arrives, then the planner looks. */
const RANKS = { end: 0, 'node-goes': 1, 'node-comes': 2, wake: 3 } as const;
/** A run's waiting tasks are put in their new place once its remaining work has fallen to this share: a quarter less, or half, made no difference. */
const REQUEUE_AT = 0.75;
/** A waiting task is put in its new place once its siblings speak for so many times the size that it was taken for. */
const RESIZE_AT = 2;
/** What waits for a budget, and nothing has started for so long: no new month will change that. */
const LONGEST_BUDGET_MS = 32 * 86_400_000;
/** Points of the queue over time. */
const SAMPLES = 1_000;

/** Runs a workload through a policy in virtual time, on the planner and the forecaster that run live. Same arguments, same result. */
export const simulate = (
  workload: Workload,
  fleet: Fleet,
  policy: Policy,
  options: SimOptions,
): SimulationResult => new Simulation(workload, fleet, policy, options).run();

class Simulation {
  readonly #agenda = new Agenda<Event>();
  readonly #cluster: Cluster;
  readonly #forecasts: Forecasts;
  readonly #overruns = new Overruns();
  readonly #loads: PoolLoads;
  readonly #runs: readonly RunState[];
  /** Attempts by the name that the planner knows them by, and leases by theirs. */
  readonly #waiting = new Map<string, TaskState>();
  readonly #running = new Map<string, TaskState>();
  readonly #families = new Map<string, Set<TaskState>>();
  readonly #touched = new Set<Pool>();
  /** When a hold ends or there is money again: each such time is on the agenda once. */
  readonly #wakes = new Set<number>();
  readonly #spending: Spending;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  readonly #samples: QueueSample[] = [];
  readonly #firstMs: number;
  #nowMs = Number.NEGATIVE_INFINITY;
  #leases = 0;
  #arrivals = 0;
  #cycles = 0;
  #considered = 0;
  #busyDevices = 0;
  #ended = 0;
  #offeredDeviceSeconds = 0;
  /** Of that what was offered until the latest end. */
  #capacityDeviceSeconds = 0;

  constructor(
    workload: Workload,
    private readonly fleet: Fleet,
    private readonly policy: Policy,
    private readonly options: SimOptions,
  ) {
    this.#cluster = new Cluster(policy);
    this.#loads = new PoolLoads(this.#cluster, policy);
    this.#spending = new Spending(policy, this.#cluster);
    this.#forecasts = forecastsFor(options.forecast, policy);
    learnHistory(workload.history, this.#forecasts);
    this.#runs = workload.runs.map(runState);
    this.#firstMs = this.#runs[0]?.run.submitAtMs ?? 0;
    for (const node of fleet.nodes) {
      this.#agenda.add(node.fromMs, RANKS['node-comes'], { kind: 'node-comes', node });
      if (node.untilMs !== null)
        this.#agenda.add(node.untilMs, RANKS['node-goes'], { kind: 'node-goes', node });
    }
  }

  run(): SimulationResult {
    const step = Math.max(1, ((this.#runs.at(-1)?.run.submitAtMs ?? 0) - this.#firstMs) / SAMPLES);
    let next = 0;
    let sampleAtMs = this.#firstMs;
    for (;;) {
      const beforeMs = this.#nowMs;
      const arrivesAtMs = this.#runs[next]?.run.submitAtMs ?? Number.POSITIVE_INFINITY;
      this.#nowMs = Math.min(this.#agenda.nextAtMs, arrivesAtMs);
      if (this.#nowMs === Number.POSITIVE_INFINITY) break;
      this.#offer(beforeMs);
      for (let event = this.#agenda.takeDue(this.#nowMs); event; event = this.#agenda.takeDue(this.#nowMs))
        this.#take(event);
      for (let run = this.#runs[next]; run && run.run.submitAtMs <= this.#nowMs; run = this.#runs[next]) {
        this.#arrive(run);
        next += 1;
      }
      for (const family of this.#overruns.pass(this.#nowMs)) this.#resize(family);
      this.#planUntilSettled();
      if (this.#nowMs < sampleAtMs) continue;
      this.#samples.push([this.#nowMs, this.#waiting.size, this.#busyDevices]);
      while (sampleAtMs <= this.#nowMs) sampleAtMs += step;
    }
    return this.#result();
  }

  /** Adds up what the fleet offers while anything is to be done. */
  #offer(sinceMs: number): void {
    if (sinceMs < this.#firstMs || this.#ended === this.#runs.length) return;
    this.#offeredDeviceSeconds += ((this.#nowMs - sinceMs) / 1_000) * this.#loads.size;
  }

  #result(): SimulationResult {
    return {
      policy: this.policy.name,
      records: this.#runs.map((state) => recordOf(state, this.fleet)),
      cycles: this.#cycles,
      decisions: this.#considered,
      busyDeviceSeconds: this.#runs.reduce((sum, { deviceSeconds }) => sum + deviceSeconds, 0),
      capacityDeviceSeconds: this.#capacityDeviceSeconds,
      queueOverTime: this.#samples,
    };
  }

  #take(event: Event): void {
    if (event.kind === 'end') this.#end(event.task, event.attempt, event.fails);
    else if (event.kind === 'node-comes') this.#comes(event.node);
    else if (event.kind === 'node-goes') this.#goes(event.node);
    else this.#wake();
  }

  /** Holds have ended, or there is money again. */
  #wake(): void {
    this.#wakes.delete(this.#nowMs);
    for (const pool of POOLS) this.#touched.add(pool);
    if (this.#nowMs - this.#lastStartMs > LONGEST_BUDGET_MS) return;
    for (const task of this.#waiting.values()) if (this.#awaitsMoney(task)) return;
  }

  /** Wakes up when there may be money again for a task that there is none for now; false where it needs none. */
  #awaitsMoney(task: TaskState): boolean {
    const period = this.#spending.awaits(task);
    if (period !== null) this.#wakeAt(periodEnd(period, this.#nowMs));
    return period !== null;
  }

  #wakeAt(atMs: number): void {
    if (this.#wakes.has(atMs)) return;
    this.#wakes.add(atMs);
    this.#agenda.add(atMs, RANKS.wake, { kind: 'wake' });
  }

  #comes({ id, pool, capacity, labels }: SimNode): void {
    this.#cluster.setNode({
      id: id as NodeId,
      pool,
      capacity,
      state: 'active',
      incarnation: 1,
      labels,
      virtualDevices: false,
    });
    this.#loads.resize(pool, sizeOf(capacity));
    this.#touched.add(pool);
  }

  /** What ran there is lost back to its last checkpoint. */
  #goes({ id, pool, capacity }: SimNode): void {
    const leases = [...this.#cluster.pool(pool).leases.values()];
    for (const lease of leases) {
      const task = this.#running.get(lease.id);
      if (task && (lease.nodeId === id || lease.also.some(({ nodeId }) => nodeId === id)))
        this.#interrupt(task);
    }
    this.#cluster.removeNode(id as NodeId);
    this.#loads.resize(pool, -sizeOf(capacity));
    this.#touched.add(pool);
  }

  #arrive(state: RunState): void {
    const known = new Map<string, TaskState['forecast']>();
    for (const task of state.tasks) {
      const forecast =
        known.get(task.family) ?? this.#forecasts.predict(subjectOf(task), task.task.runSeconds);
      known.set(task.family, forecast);
      task.forecast = forecast;
      task.assumedSeconds = this.#assumedSeconds(task);
      task.deviceSeconds = this.#sizeOf(task);
    }
    setPaths(state);
    const startAtMs = latestStart(state);
    for (const [pool, deviceSeconds] of workByPool(state)) {
      const width = widthIn(state, pool);
      state.work.set(pool, {
        rank: this.#loads.arrive(state.run.id, pool, deviceSeconds, width, startAtMs, this.#nowMs),
        width,
        workedDeviceSeconds: 0,
        remainingDeviceSeconds: deviceSeconds,
        queuedDeviceSeconds: deviceSeconds,
      });
    }
    const { onForecast } = this.options;
    onForecast?.(state.index, foresee(state, this.#cluster, this.policy, this.#arrivals, this.#nowMs));
    for (const task of state.tasks) if (task.waitsFor === 0) this.#ready(task);
  }

  /** What a task is taken for: its forecast, or what siblings that run longer than theirs speak for. */
  #sizeOf({ family, forecast, assumedSeconds, size, doneSeconds }: TaskState): number {
    const believed = Math.max(assumedSeconds, this.#overruns.evidence(family) ?? 0);
    return (leftSeconds(believed, doneSeconds) + (forecast.expectedLossSeconds ?? 0)) * size;
  }

  /** Its forecast; where too little stands behind that and the policy says so, what makes it as large as the average run so far. */
  #assumedSeconds({ task: { pool }, forecast, size }: TaskState): number {
    const { trust, assume } = this.policy.fallback;
    const { arrivals, deviceSeconds } = this.#loads.numbers(pool);
    const isTrusted = assume === 'forecast' || forecast.model === 'oracle' || forecast.observations >= trust;
    return isTrusted || arrivals === 0 ? forecast.p50Seconds : deviceSeconds / arrivals / size;
  }

  #ready(task: TaskState): void {
    task.state = 'waiting';
    task.readyAtMs = this.#nowMs;
    this.#arrivals += 1;
    task.arrival = this.#arrivals;
    task.terms = termsOf(task.of.run, task.task, task.forecast, this.policy, this.#nowMs);
    this.#spending.roll(this.#nowMs);
    if (this.#spending.refuses(task)) this.#refuse(task);
    else this.#await(task);
  }

  #await(task: TaskState): void {
    for (const { untilMs } of task.terms.holds) if (untilMs !== null) this.#wakeAt(untilMs);
    this.#awaitsMoney(task);
    this.#enqueue(task);
  }

  /** It will never run, nor will what comes after it; its run never ends. */
  #refuse(task: TaskState): void {
    const open = [task];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next.state === 'ended') continue;
      next.state = 'ended';
      this.#taken(next, 0);
      open.push(...next.followers);
    }
    for (const pool of task.of.work.keys()) this.#loads.leave(task.of.run.id, pool, this.#nowMs);
  }

  #enqueue(task: TaskState): void {
    const waiting = waitingTask(task);
    this.#waiting.set(waiting.id, task);
    this.#cluster.setTask(waiting);
    for (const { request } of task.terms.options) this.#touched.add(request.pool);
    const family = this.#families.get(task.family);
    if (family) family.add(task);
    else this.#families.set(task.family, new Set([task]));
  }

  /** What is left of a task that has run is less, or, where it has outrun its forecast, more than it was taken for. */
  #resized(task: TaskState): void {
    const work = task.of.work.get(task.task.pool) as PoolWork;
    const size = this.#sizeOf(task);
    work.remainingDeviceSeconds += size - task.deviceSeconds;
    this.#loads.change(task.task.pool, size - task.deviceSeconds);
    work.queuedDeviceSeconds = work.remainingDeviceSeconds;
    task.deviceSeconds = size;
  }

  /** Siblings of one run are put in their new place together: one by one each would move all that wait of it. */
  #resize(family: string): void {
    const changed = new Map<PoolWork, RunState>();
    for (const task of this.#families.get(family) ?? []) {
      const size = this.#sizeOf(task);
      if (size < RESIZE_AT * task.deviceSeconds && task.deviceSeconds < RESIZE_AT * size) continue;
      changed.set(this.#taken(task, size), task.of);
    }
    for (const [work, state] of changed) this.#requeue(state, work);
  }

  /** The task is taken for another size than before: the work that this changes. */
  #taken(task: TaskState, deviceSeconds: number): PoolWork {
    const { pool } = task.task;
    const work = task.of.work.get(pool) as PoolWork;
    work.remainingDeviceSeconds += deviceSeconds - task.deviceSeconds;
    this.#loads.change(pool, deviceSeconds - task.deviceSeconds);
    task.deviceSeconds = deviceSeconds;
    return work;
  }

  #requeue(state: RunState, work: PoolWork): void {
    work.queuedDeviceSeconds = Math.max(0, work.remainingDeviceSeconds);
    for (const task of state.tasks)
      if (task.state === 'waiting' && state.work.get(task.task.pool) === work) this.#enqueue(task);
  }

  #planUntilSettled(): void {
    for (;;) {
      const pools = POOLS.filter(
        (pool) => this.#touched.has(pool) && this.#cluster.pool(pool).queue.size > 0,
      );
      this.#touched.clear();
      if (pools.length === 0) return;
      this.#spending.roll(this.#nowMs);
      const decided = plan(this.#cluster, this.policy, this.#nowMs, { pools });
      this.#cycles += 1;
      this.#considered += decided.considered;
      for (const grant of decided.grants) this.#start(grant);
      for (const { leaseId, forId } of decided.preemptions) {
        this.#promise(forId);
        this.#interrupt(this.#running.get(leaseId) as TaskState);
      }
      if (decided.grants.length === decided.considered) for (const pool of pools) this.#touched.add(pool);
    }
  }

  /** Others give way for it, so it is next. */
  #promise(id: string): void {
    const task = this.#waiting.get(id);
    if (task === undefined || task.promised) return;
    task.promised = true;
    this.#enqueue(task);
  }

  #use(tenant: string, deviceSeconds: number): void {
    const used = this.#cluster.use.after(tenant, deviceSeconds, this.#nowMs);
    this.#cluster.set('use', tenant, used);
  }

  #start(grant: Grant): void {
    const task = this.#waiting.get(grant.id) as TaskState;
    this.#dequeue(task);
    this.#leases += 1;
    Object.assign(task, {
      state: 'running',
      promised: false,
      leaseId: `lease-${this.#leases}`,
      grantedAtMs: this.#nowMs,
      ranIn: grant.pool,
      resumeSeconds: task.preemptions > 0 ? this.options.resumeSeconds : 0,
    });
    const course = courseOf(task, this.options);
    const { attempt, of: state } = task;
    this.#agenda.add(this.#nowMs + course.seconds * 1_000, RANKS.end, {
      kind: 'end',
      task,
      attempt,
      fails: course.fails,
    });
    this.#running.set(task.leaseId, task);
    this.#cluster.setLease(leaseOf(task, grant, this.#leases, this.options));
    task.chargedDeviceSeconds = remaining(task.forecast, task.doneSeconds).p50Seconds * task.size;
    this.#use(state.run.tenant, task.chargedDeviceSeconds);
    this.#overruns.started(task.family, task.leaseId, this.#nowMs - task.doneSeconds * 1_000, task.forecast);
    this.#busyDevices += task.size;
    this.#lastStartMs = this.#nowMs;
    this.#spending.start(task);
    if (Number.isNaN(state.firstStartAtMs)) state.firstStartAtMs = this.#nowMs;
  }

  #dequeue(task: TaskState): void {
    const id = attemptName(task);
    this.#waiting.delete(id);
    this.#cluster.removeTask(id);
    const family = this.#families.get(task.family);
    family?.delete(task);
    if (family?.size === 0) this.#families.delete(task.family);
  }

  #end(task: TaskState, attempt: number, fails: boolean): void {
    if (task.state !== 'running' || task.attempt !== attempt) return;
    const { of: state } = task;
    const { runSeconds } = task.task;
    const ranSeconds = this.#leave(task);
    const familyChanged = this.#overruns.ended(task.leaseId, fails ? null : runSeconds);
    if (fails) {
      this.#forecasts.learn(observationOf(task, 'failed', ranSeconds, this.#nowMs));
      state.lostDeviceSeconds += (ranSeconds - task.resumeSeconds) * task.size;
      task.attempt += 1;
      this.#ready(task);
      return;
    }
    task.state = 'ended';
    this.#forecasts.learn(observationOf(task, 'succeeded', runSeconds, this.#nowMs));
    this.#settle(task, runSeconds * task.size);
    if (familyChanged) this.#resize(task.family);
    state.unfinished -= 1;
    for (const follower of task.followers) {
      follower.waitsFor -= 1;
      if (follower.waitsFor === 0) this.#ready(follower);
    }
    if (state.unfinished > 0) return;
    state.endedAtMs = this.#nowMs;
    for (const [pool, { workedDeviceSeconds, width }] of state.work)
      this.#loads.end(state.run.id, pool, (workedDeviceSeconds / width) * 1_000, this.#nowMs);
    this.#ended += 1;
    this.#capacityDeviceSeconds = this.#offeredDeviceSeconds;
    if (this.#ended % 1_000 === 0) this.options.onProgress?.(this.#ended);
  }

  /** What an ended task turned out to be; what is left of its run's work decides the others' place. */
  #settle(task: TaskState, actualDeviceSeconds: number): void {
    const { of: state } = task;
    const { pool } = task.task;
    const work = state.work.get(pool) as PoolWork;
    work.workedDeviceSeconds += actualDeviceSeconds;
    work.remainingDeviceSeconds -= task.deviceSeconds;
    this.#loads.change(pool, -task.deviceSeconds);
    if (work.remainingDeviceSeconds < REQUEUE_AT * work.queuedDeviceSeconds) this.#requeue(state, work);
  }

  /** The task gives way, or its node goes: it waits again, with what its checkpoint kept. */
  #interrupt(task: TaskState): void {
    const { of: state } = task;
    const ranSeconds = this.#leave(task);
    this.#overruns.ended(task.leaseId, null);
    const kept = keptSeconds(task, ranSeconds, this.options);
    state.lostDeviceSeconds += (ranSeconds - task.resumeSeconds - kept) * task.size;
    state.preemptions += 1;
    task.attempt += 1;
    task.preemptions += 1;
    task.doneSeconds += kept;
    this.#resized(task);
    this.#ready(task);
  }

  /** Gives the hardware back; returns how long it was held. */
  #leave(task: TaskState): number {
    const { of: state } = task;
    const ranSeconds = (this.#nowMs - task.grantedAtMs) / 1_000;
    this.#running.delete(task.leaseId);
    this.#cluster.removeLease(task.leaseId);
    this.#touched.add(task.ranIn);
    if (this.#spending.spansPools(task)) for (const pool of POOLS) this.#touched.add(pool);
    this.#busyDevices -= task.size;
    state.deviceSeconds += ranSeconds * task.size;
    const wrongBy = ranSeconds * task.size - task.chargedDeviceSeconds;
    this.#use(state.run.tenant, wrongBy);
    const costMicroUsd = microUsdOf(task.task.resources, this.policy.pools[task.ranIn], ranSeconds);
    state.costMicroUsd += costMicroUsd;
    this.#spending.roll(this.#nowMs);
    this.#spending.end(task, costMicroUsd);
    state.lostDeviceSeconds += Math.min(ranSeconds, task.resumeSeconds) * task.size;
    return ranSeconds;
  }
}
