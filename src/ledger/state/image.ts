import {
  type Node,
  POOLS,
  type Pool,
  poolsIn,
  type Rank,
  type RunId,
  type TaskKey,
  taskName,
} from '../../domain/index.js';
import { Cluster, type Policy, poolsOf } from '../../planner/index.js';
import type { HotState } from '../database/database.js';
import {
  type BreakerRow,
  type ExecutionRow,
  type Head,
  HOT_NAMES,
  type HotRows,
  type LeaseRow,
  type NodeRow,
  type PauseRow,
  type RunRow,
  type SpendingRow,
  type TaskRow,
  type TenantRow,
  type WorkRow,
} from '../rows/index.js';
import { Accounts, accountKey } from './accounts.js';
import { gateOf, healthOf } from './gates.js';
import { HotTable } from './hot-table.js';
import { Journal } from './journal.js';
import { rankOf } from './load.js';
import { attemptId, idOf, runningLease, waitingTask } from './planner-view.js';
import { lengthsOf, widthsOf } from './run-length.js';
import { RunWork } from './run-work.js';
import { Siblings } from './siblings.js';
import { type PoolSizes, VirtualQueues } from './virtual-queues.js';

/** All that belongs to one open run. */
interface RunView {
  readonly tasks: Map<string, TaskRow>;
  readonly executions: Map<string, ExecutionRow>;
  readonly work: RunWork;
}

/**
 * The hot state in memory: open runs with all their attempts, unreleased leases, nodes; and the indexes that commands and the
 * planner read. It is the database's state at `head.version`, plus, while a batch is prepared, that batch.
 */
export class Image {
  head: Head & { readonly ledgerId: string } = {
    version: 0,
    events: 0,
    fencing: 0,
    arrivals: 0,
    loads: {},
    policyVersion: '',
    ledgerId: '',
  };
  /** What the planner sees of it. */
  readonly cluster: Cluster;
  /** Records what the planner sees and decides. */
  readonly journal: Journal;
  /** What tenants have spent and reserved. */
  readonly accounts: Accounts;
  /** Pools in which something changed since the last cycle. */
  readonly touched = new Set<Pool>();
  /** Waiting attempts for which others give way. */
  readonly promised = new Set<string>();
  /** Leases that were taken back and are not yet free, by id. */
  readonly revoked = new Map<string, LeaseRow>();
  /** Open runs that have a deadline. */
  readonly dated = new Set<RunId>();
  readonly siblings = new Siblings();
  readonly virtual = new VirtualQueues();

  readonly runs = new HotTable<RunRow>(
    ({ runId }) => runId,
    (before, after) => this.#indexRun(before, after),
  );
  readonly works = new HotTable<WorkRow>(
    ({ runId }) => runId,
    (before, after) => this.#indexWork(before, after),
  );
  readonly tenants = new HotTable<TenantRow>(
    ({ tenant }) => tenant,
    (before, after) => this.#indexTenant(before, after),
  );
  readonly spending = new HotTable<SpendingRow>(accountKey, (before, after) =>
    this.accounts.changed((after ?? before)?.tenant ?? ''),
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

  readonly breakers = new HotTable<BreakerRow>(
    ({ scope }) => scope,
    (before, after) => this.#indexBreaker(before, after),
  );

  readonly pauses = new HotTable<PauseRow>(
    ({ scope, cause }) => `${scope}/${cause}`,
    (before, after) => this.#indexPause(before, after),
  );

  readonly #byRun = new Map<string, RunView>();
  readonly #byIdempotencyKey = new Map<string, RunId>();
  readonly #taskByLease = new Map<string, TaskRow>();
  readonly #sizes = new Map<Pool, number>();
  #policy: Policy;

  constructor(policy: Policy) {
    this.#policy = policy;
    this.cluster = new Cluster(policy);
    this.journal = new Journal(this.cluster);
    this.accounts = new Accounts(this.spending, this.cluster);
  }

  /** What all that is live is in order by. */
  get policy(): Policy {
    return this.#policy;
  }

  /** Puts all that is live in order anew, under another policy; the next cycle looks at every pool. */
  setPolicy(policy: Policy): void {
    this.#policy = policy;
    this.cluster.setPolicy(policy);
    for (const task of this.tasks.values()) if (task.state === 'waiting') this.#wait(task);
    for (const lease of this.leases.values()) this.#setLease(lease);
    for (const pool of POOLS) this.touched.add(pool);
  }

  /** Takes rows as the database has them. A run that is not open, and a released lease, leaves the image. */
  absorb(state: HotState): void {
    for (const name of HOT_NAMES) {
      for (const row of state[name]) (this[name] as HotTable<HotRows[typeof name]>).set(row);
    }
    this.noteLeases(state.leases.toSorted((a, b) => a.fencing - b.fencing));
    for (const lease of state.leases) if (lease.state === 'released') this.leases.delete(lease.leaseId);
    this.head = state.head;
  }

  /** Forgets runs with all of theirs: those that have ended are loaded again should a late call ask. */
  evict(runIds: Iterable<string>): void {
    for (const runId of runIds) {
      const view = this.#byRun.get(runId);
      for (const key of [...(view?.tasks.keys() ?? [])]) this.tasks.delete(key);
      for (const key of [...(view?.executions.keys() ?? [])]) this.executions.delete(key);
      if (this.works.get(runId)) this.works.delete(runId);
      if (this.runs.get(runId)) this.runs.delete(runId);
      this.#byRun.delete(runId);
    }
  }

  /** Leases as they have been written. */
  noteLeases(leases: Iterable<LeaseRow>): void {
    for (const lease of leases)
      this.siblings.note(
        lease,
        this.task(lease.runId, lease.taskKey, lease.attempt),
        this.runs.get(lease.runId),
      );
  }

  /** Runs as they have been written, in the order in which they came or ended. */
  noteRuns(runs: Iterable<RunRow>, sizes: PoolSizes = this.sizeOf): void {
    const whenOf = ({ createdAtMs, endedAtMs }: RunRow) => endedAtMs ?? createdAtMs;
    for (const run of [...runs].sort((a, b) => whenOf(a) - whenOf(b))) {
      const { runId, status, createdAtMs, endedAtMs } = run;
      const work = this.works.get(runId);
      const widths = this.virtual.widths(runId);
      if (status === 'running' && widths === undefined && work !== undefined)
        this.virtual.arrived(runId, widthsOf(work), createdAtMs, sizes);
      if (status !== 'running' && widths !== undefined && endedAtMs !== null)
        this.virtual.ended(runId, lengthsOf(widths, this.tasksOf(runId), endedAtMs), endedAtMs, sizes);
    }
  }

  /** What is left of a run. */
  workOf(runId: string): RunWork {
    return this.#view(runId).work;
  }

  /** A pool's whole size in the unit in which its work is counted: devices, cores or slots. */
  readonly sizeOf = (pool: Pool): number => {
    const known = this.#sizes.get(pool);
    if (known !== undefined) return known;
    const size = this.#sizeWhere(pool, ({ state }) => state === 'active');
    this.#sizes.set(pool, size);
    return size;
  };
  /** The same with the nodes that take no more work. */
  readonly registeredSizeOf = (pool: Pool): number => this.#sizeWhere(pool, () => true);

  #sizeWhere(pool: Pool, counts: (node: Node) => boolean): number {
    const nodes = [...this.cluster.pool(pool).nodes.values()].filter(counts);
    return nodes.reduce((sum, { capacity }) => sum + capacity[COUNTED[pool]], 0);
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
      view = { tasks: new Map(), executions: new Map(), work: new RunWork() };
      this.#byRun.set(runId, view);
    }
    return view;
  }

  #indexRun(before: RunRow | undefined, after: RunRow | undefined): void {
    if (before && after && (before.deadlineAtMs !== after.deadlineAtMs || before.orders !== after.orders))
      for (const task of this.tasksOf(after.runId)) if (task.state === 'waiting') this.#wait(task);
    if (before) this.dated.delete(before.runId);
    if (after && after.deadlineAtMs !== null && after.status === 'running') this.dated.add(after.runId);
    if (before?.idempotencyKey) this.#byIdempotencyKey.delete(before.idempotencyKey);
    if (after?.idempotencyKey) this.#byIdempotencyKey.set(after.idempotencyKey, after.runId);
  }

  #indexWork(before: WorkRow | undefined, after: WorkRow | undefined): void {
    const row = after ?? before;
    if (row) this.#view(row.runId).work.expect(after);
  }

  #indexTenant(before: TenantRow | undefined, after: TenantRow | undefined): void {
    const use = after && { deviceSeconds: after.deviceSeconds, atMs: after.atMs };
    this.cluster.set('use', (after ?? before)?.tenant ?? '', use);
  }

  #indexExecution(before: ExecutionRow | undefined, after: ExecutionRow | undefined): void {
    if (before) this.#byRun.get(before.runId)?.executions.delete(this.executions.keyOf(before));
    if (after) this.#view(after.runId).executions.set(this.executions.keyOf(after), after);
  }

  #indexTask(before: TaskRow | undefined, after: TaskRow | undefined): void {
    const row = after ?? before;
    if (row === undefined) return;
    const { tasks, work } = this.#view(row.runId);
    const { pool } = row.request;
    const toldBefore = work.told(pool);
    if (before) {
      tasks.delete(idOf(before));
      if (before.leaseId) this.#taskByLease.delete(before.leaseId);
      if (before.state === 'waiting' && after?.state !== 'waiting') this.#stopWaiting(before);
      if (after === undefined) work.remove(before);
    }
    if (after) {
      tasks.set(idOf(after), after);
      if (after.leaseId) this.#taskByLease.set(after.leaseId, after);
      work.set(after);
      if (after.state === 'waiting') this.#wait(after);
    }
    if (work.told(pool) !== toldBefore)
      for (const task of tasks.values())
        if (task.state === 'waiting' && task.request.pool === pool && task !== after) this.#wait(task);
    const lease = after?.leaseId && before?.state === after.state ? this.liveLease(after.leaseId) : undefined;
    if (lease) this.#setLease(lease);
  }

  #wait(task: TaskRow): void {
    const run = this.runs.get(task.runId);
    if (run === undefined) return;
    const work = this.workOf(task.runId);
    const known = work.row?.tasks[taskName(task.taskKey)];
    const waiting = waitingTask(task, {
      run,
      work,
      rank: this.#rank(run, work.row, task.request.pool),
      pathSeconds: known?.pathSeconds ?? task.forecast.p50Seconds,
    });
    for (const pool of poolsOf(waiting)) this.touched.add(pool);
    this.cluster.setTask(waiting);
    this.siblings.wait(waiting.id, task, run, true);
    if (task.promised) this.promised.add(waiting.id);
    else this.promised.delete(waiting.id);
  }

  #stopWaiting(task: TaskRow): void {
    const id = idOf(task);
    const run = this.runs.get(task.runId);
    const waiting = this.cluster.task(id);
    for (const pool of waiting ? poolsOf(waiting) : []) this.touched.add(pool);
    this.cluster.removeTask(id);
    if (run) this.siblings.wait(id, task, run, false);
    this.promised.delete(id);
  }

  /** Of a run of an older version as if it arrived now. */
  #rank(run: Pick<RunRow, 'createdAtMs' | 'deadlineAtMs'>, work: WorkRow | undefined, pool: Pool): Rank {
    return rankOf(run, work ?? { loads: this.head.loads, leadSeconds: 0 }, pool, this.#policy);
  }

  #indexLease(before: LeaseRow | undefined, after: LeaseRow | undefined): void {
    if (before) this.touched.add(before.pool);
    if (after) this.touched.add(after.pool);
    if (after?.state === 'revoked') this.revoked.set(after.leaseId, after);
    else if (before) this.revoked.delete(before.leaseId);
    this.accounts.reserve(before, after);
    if (after && after.state !== 'released') this.#setLease(after);
    else if (before) this.cluster.removeLease(before.leaseId);
  }

  #setLease(lease: LeaseRow): void {
    if (lease.state === 'released') return;
    const run = this.runs.get(lease.runId);
    const task = this.task(lease.runId, lease.taskKey, lease.attempt);
    const rank = this.#rank(
      run ?? { createdAtMs: lease.grantedAtMs, deadlineAtMs: null },
      this.works.get(lease.runId),
      lease.pool,
    );
    const { graceSeconds } = this.#policy;
    this.cluster.setLease(runningLease(lease, lease.state, { run, task, rank, graceSeconds }));
  }

  #indexNode(before: NodeRow | undefined, after: NodeRow | undefined): void {
    for (const pool of POOLS)
      if (pool === before?.pool || pool === after?.pool) {
        this.touched.add(pool);
        this.#sizes.delete(pool);
      }
    if (after) this.#setNode(after);
    else if (before) this.cluster.removeNode(before.nodeId);
  }

  #setNode(row: NodeRow): void {
    const breaker = this.breakers.get(`node/${row.nodeId}`);
    this.cluster.setNode({ ...nodeOf(row), ...(breaker && healthOf(breaker)) });
  }

  #indexBreaker(before: BreakerRow | undefined, after: BreakerRow | undefined): void {
    const row = after ?? before;
    if (row === undefined || before?.startsLeft === after?.startsLeft) return;
    const node = row.scope.startsWith('node/') ? this.nodes.get(row.scope.slice('node/'.length)) : undefined;
    for (const pool of POOLS)
      if (pool === node?.pool || row.scope === `pool/${pool}` || row.scope.startsWith('endpoint/'))
        this.touched.add(pool);
    if (node !== undefined) this.#setNode(node);
    else if (!row.scope.startsWith('node/')) this.cluster.setGate(row.scope, after && gateOf(after));
  }

  #indexPause(before: PauseRow | undefined, after: PauseRow | undefined): void {
    const row = after ?? before;
    if (row === undefined) return;
    for (const pool of poolsIn(row.scope)) this.touched.add(pool);
    const { endedAtMs, ...pause } = row;
    if (after && endedAtMs === null) this.cluster.setPause(pause);
    else this.cluster.removePause(pause);
  }
}

/** A node as the planner sees it, and as its cycles are recorded: without its secret. */
const nodeOf = ({ nodeId: id, keyHash: _, registeredAtMs: __, told: ___, ...node }: NodeRow): Node => ({
  ...node,
  id,
});

const COUNTED = { gpu: 'devices', cpu: 'cores', io: 'slots' } as const;
