import {
  ANYWHERE,
  byArrival,
  POOLS,
  type Pool,
  type RunId,
  type RunningLease,
  sizeOf,
  type TaskKey,
} from '../../domain/index.js';
import { Cluster, type Policy, type WaitingTask } from '../../planner/index.js';
import type { HotState } from '../database/database.js';
import {
  type ExecutionRow,
  HOT_NAMES,
  type HotRows,
  type LeaseRow,
  type NodeRow,
  type RunRow,
  type TaskRow,
} from '../rows.js';
import { HotTable } from './hot-table.js';

/** Names an attempt among all attempts. */
export const attemptId = (runId: string, taskKey: string, attempt: number): string =>
  `${runId}/${taskKey}#${attempt}`;
const idOf = (task: TaskRow): string => attemptId(task.runId, task.taskKey, task.attempt);

/** All that belongs to one open run. */
interface RunView {
  readonly tasks: Map<string, TaskRow>;
  readonly executions: Map<string, ExecutionRow>;
}

/**
 * The hot state in memory: open runs with all their attempts, unreleased leases, nodes; and the indexes that commands and the
 * planner read. It is the database's state at `head.version`, plus, while a batch is prepared, that batch.
 */
export class Image {
  head = { version: 0, events: 0, fencing: 0, arrivals: 0, ledgerId: '' };
  /** What the planner sees of it. */
  readonly cluster: Cluster;
  /** Pools in which something changed since the last cycle. */
  readonly touched = new Set<Pool>();

  readonly runs = new HotTable<RunRow>(
    ({ runId }) => runId,
    (before, after) => this.#indexRun(before, after),
  );
  readonly executions = new HotTable<ExecutionRow>(
    ({ workflowId, executionId }) => `${workflowId}/${executionId}`,
    (before, after) => this.#indexExecution(before, after),
  );
  readonly tasks = new HotTable<TaskRow>(idOf, (before, after) => this.#indexTask(before, after));
  readonly leases = new HotTable<LeaseRow>(
    ({ leaseId }) => leaseId,
    (before, after) => this.#indexLease(before, after),
  );
  readonly nodes = new HotTable<NodeRow>(
    ({ nodeId }) => nodeId,
    (before, after) => this.#indexNode(before, after),
  );

  readonly #byRun = new Map<string, RunView>();
  readonly #byIdempotencyKey = new Map<string, RunId>();
  readonly #taskByLease = new Map<string, TaskRow>();

  constructor(policy: Policy) {
    this.cluster = new Cluster(policy);
  }

  /** Takes rows as the database has them. A run that is not open, and a released lease, leaves the image. */
  absorb(state: HotState): void {
    for (const name of HOT_NAMES) {
      for (const row of state[name]) (this[name] as HotTable<HotRows[typeof name]>).set(row);
    }
    for (const lease of state.leases) if (lease.state === 'released') this.leases.delete(lease.leaseId);
    this.head = state.head;
  }

  /** Forgets runs with all of theirs: those that have ended are loaded again should a late call ask. */
  evict(runIds: Iterable<string>): void {
    for (const runId of runIds) {
      const view = this.#byRun.get(runId);
      for (const key of [...(view?.tasks.keys() ?? [])]) this.tasks.delete(key);
      for (const key of [...(view?.executions.keys() ?? [])]) this.executions.delete(key);
      if (this.runs.get(runId)) this.runs.delete(runId);
      this.#byRun.delete(runId);
    }
  }

  task(runId: RunId, taskKey: TaskKey, attempt: number): TaskRow | undefined {
    return this.tasks.get(attemptId(runId, taskKey, attempt));
  }
  taskOfLease(leaseId: string): TaskRow | undefined {
    return this.#taskByLease.get(leaseId);
  }
  tasksOf(runId: string): readonly TaskRow[] {
    return [...(this.#byRun.get(runId)?.tasks.values() ?? [])];
  }
  executionsOf(runId: string): readonly ExecutionRow[] {
    return [...(this.#byRun.get(runId)?.executions.values() ?? [])];
  }
  runByIdempotencyKey(key: string): RunRow | undefined {
    return this.runs.get(this.#byIdempotencyKey.get(key) ?? '');
  }
  /** The lease, as long as it is not released. */
  liveLease(leaseId: string): LeaseRow | undefined {
    const lease = this.leases.get(leaseId);
    return lease?.state === 'released' ? undefined : lease;
  }
  /** All unreleased leases that a test picks. */
  leasesWhere(test: (lease: LeaseRow) => boolean): readonly LeaseRow[] {
    return [...this.leases.values()].filter((lease) => lease.state !== 'released' && test(lease));
  }

  #view(runId: string): RunView {
    let view = this.#byRun.get(runId);
    if (view === undefined) {
      view = { tasks: new Map(), executions: new Map() };
      this.#byRun.set(runId, view);
    }
    return view;
  }

  #indexRun(before: RunRow | undefined, after: RunRow | undefined): void {
    if (before?.idempotencyKey) this.#byIdempotencyKey.delete(before.idempotencyKey);
    if (after?.idempotencyKey) this.#byIdempotencyKey.set(after.idempotencyKey, after.runId);
  }

  #indexExecution(before: ExecutionRow | undefined, after: ExecutionRow | undefined): void {
    if (before) this.#byRun.get(before.runId)?.executions.delete(this.executions.keyOf(before));
    if (after) this.#view(after.runId).executions.set(this.executions.keyOf(after), after);
  }

  #indexTask(before: TaskRow | undefined, after: TaskRow | undefined): void {
    if (before) {
      this.#byRun.get(before.runId)?.tasks.delete(idOf(before));
      if (before.leaseId) this.#taskByLease.delete(before.leaseId);
      if (before.state === 'waiting') this.#wait(before, false);
    }
    if (after) {
      this.#view(after.runId).tasks.set(idOf(after), after);
      if (after.leaseId) this.#taskByLease.set(after.leaseId, after);
      if (after.state === 'waiting') this.#wait(after, true);
    }
  }

  #wait(task: TaskRow, waits: boolean): void {
    this.touched.add(task.request.pool);
    const run = this.runs.get(task.runId);
    if (waits && run) this.cluster.setTask(waitingTask(task, run));
    else this.cluster.removeTask(idOf(task));
  }

  #indexLease(before: LeaseRow | undefined, after: LeaseRow | undefined): void {
    if (before) this.touched.add(before.pool);
    if (after) this.touched.add(after.pool);
    if (after && after.state !== 'released') this.cluster.setLease(this.#runningLease(after, after.state));
    else if (before) this.cluster.removeLease(before.leaseId);
  }

  #runningLease(lease: LeaseRow, state: RunningLease['state']): RunningLease {
    const run = this.runs.get(lease.runId);
    const task = this.task(lease.runId, lease.taskKey, lease.attempt);
    return {
      ...lease,
      id: lease.leaseId,
      state,
      tenant: run?.tenant ?? '',
      priorityClass: task?.priorityClass ?? run?.priorityClass ?? 'normal',
      p50Seconds: (lease.expectedEndP50Ms - lease.grantedAtMs) / 1_000,
      p90Seconds: (lease.expectedEndP90Ms - lease.grantedAtMs) / 1_000,
      doneSeconds: 0,
      rank: byArrival(run?.createdAtMs ?? lease.grantedAtMs),
      checkpoints: null,
      preemptions: 0,
      placement: ANYWHERE,
      also: [],
      givesWayTo: null,
    };
  }

  #indexNode(before: NodeRow | undefined, after: NodeRow | undefined): void {
    for (const pool of POOLS) if (pool === before?.pool || pool === after?.pool) this.touched.add(pool);
    if (after) this.cluster.setNode({ ...after, id: after.nodeId });
    else if (before) this.cluster.removeNode(before.nodeId);
  }
}

/** A waiting attempt as the planner sees it. */
export const waitingTask = (task: TaskRow, run: RunRow): WaitingTask => ({
  id: idOf(task),
  runId: task.runId,
  taskKey: task.taskKey,
  tenant: run.tenant,
  priorityClass: task.priorityClass,
  arrival: task.arrival,
  readyAtMs: task.readyAtMs,
  options: [{ request: task.request, speed: 1 }],
  placement: ANYWHERE,
  forecast: task.forecast,
  doneSeconds: 0,
  rank: byArrival(run.createdAtMs),
  remainingDeviceSeconds: task.forecast.p50Seconds * sizeOf(task.request),
  pathSeconds: task.forecast.p50Seconds,
  deadlineAtMs: run.deadlineAtMs,
  holds: task.paused ? [PAUSED] : [],
  suspectNodes: task.suspectNodes,
  preemptions: 0,
  promised: false,
});

const PAUSED = { code: 'run-paused', detail: 'its run is paused', fromMs: 0, untilMs: null } as const;
