import type { TaskError } from '../src/domain/advance.js';
import type { TaskKey } from '../src/domain/ids.js';
import type { JsonValue } from '../src/domain/json.js';
import {
  dependentsOf,
  fanOutScope,
  handlersOf,
  needsOf,
  type Pipeline,
  type Task,
} from '../src/domain/pipeline/runtime.js';
import { MAX_INLINE_ITEMS, type TaskState } from '../src/domain/run.js';
import { type Instance, newInstance } from './instance.js';
import { conditionHolds, itemsOf, type RunScope, type TaskScope } from './scope.js';

export { type Instance, newInstance };

/** A fan-out too large for one workflow: a slice of its items, run by a child. */
export interface Part {
  readonly task: string;
  readonly offset: number;
  readonly items: readonly JsonValue[];
}

/** How a named task ended, once all its instances have. */
type Settled = 'succeeded' | 'failed' | 'skipped' | 'cancelled';

/** All of a graph that a later execution needs; everything else follows from the document. */
export interface GraphSnapshot {
  readonly instances: readonly Instance[];
  readonly settled: Readonly<Record<string, Settled>>;
  readonly completionOrder: readonly TaskKey[];
}

/** What opening tasks brought forth. */
export interface Opened {
  readonly ready: Instance[];
  readonly parts: Part[];
}

const FINAL_STATES: readonly TaskState[] = ['succeeded', 'failed', 'skipped', 'cancelled'];

/** Whether an instance's story is over. */
export const isOver = (instance: Instance): boolean => FINAL_STATES.includes(instance.state);

/**
 * The graph of one run: which tasks stand open, how each ended, what is ready next. It knows nothing of Temporal and
 * nothing of resources; a turn costs what changed in it, not the size of the graph.
 */
export class Graph {
  readonly instances = new Map<TaskKey, Instance>();
  readonly completionOrder: TaskKey[] = [];
  private readonly settled = new Map<string, Settled>();
  private readonly keysOf = new Map<string, TaskKey[]>();
  private readonly unsettledNeeds: Map<string, number>;
  private readonly dependents: ReadonlyMap<string, readonly string[]>;
  /** Tasks that only start when another one fails or must be undone. */
  private readonly onDemand: ReadonlyMap<string, unknown>;
  private active = 0;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly scope: RunScope,
  ) {
    const needs = needsOf(pipeline);
    this.onDemand = handlersOf(pipeline);
    this.dependents = dependentsOf(needs);
    this.unsettledNeeds = new Map([...needs].map(([name, needed]) => [name, new Set(needed).size]));
  }

  /** Opens the tasks that need nothing. */
  start(): Opened {
    const opened: Opened = { ready: [], parts: [] };
    const roots = [...this.unsettledNeeds].filter(([, needs]) => needs === 0);
    for (const [name] of roots) this.open(name, opened);
    return opened;
  }

  /** Opens a slice of one task's fan-out, for the child workflow that runs it. */
  startPart(part: Part): Opened {
    const opened: Opened = { ready: [], parts: [] };
    this.expand(part.task, part.items, part.offset, opened);
    return opened;
  }

  /** Takes over what an earlier execution left. */
  restore(snapshot: GraphSnapshot): void {
    for (const instance of snapshot.instances) this.add({ ...instance });
    this.completionOrder.push(...snapshot.completionOrder);
    for (const [name, how] of Object.entries(snapshot.settled)) this.settle(name, how);
  }

  /** What a later execution needs to go on. */
  snapshot(): GraphSnapshot {
    return {
      instances: this.withoutOldVerdicts(),
      settled: Object.fromEntries(this.settled),
      completionOrder: this.completionOrder,
    };
  }

  /** All instances. What the planner said of those that are over is left out: 3,000 verdicts would pass the 2 MB of an argument. */
  withoutOldVerdicts(): Instance[] {
    return [...this.instances.values()].map((it) => (isOver(it) ? { ...it, verdict: null } : it));
  }

  /** The instance of a key that an answer or signal names; undefined for one of another epoch. */
  find(key: TaskKey): Instance | undefined {
    return this.instances.get(key);
  }

  /** The document's task behind an instance. */
  taskOf(instance: Instance): Task {
    return this.pipeline.tasks[instance.task] as Task;
  }

  /** Whether nothing is open any more. */
  get isDone(): boolean {
    return this.active === 0;
  }

  /** The first task that failed with nothing standing in for it. */
  get failure(): Instance | undefined {
    for (const [name, how] of this.settled) if (how === 'failed') return this.failedInstanceOf(name);
    return undefined;
  }

  /** Compensations that failed: what they should have undone still stands. */
  get failedCompensations(): Instance[] {
    return [...this.instances.values()].filter(
      ({ undoes, state }) => undoes !== undefined && state === 'failed',
    );
  }

  /** Whether nothing needs this task, so that its outputs are the run's. */
  isLast(task: string): boolean {
    return this.dependents.get(task)?.length === 0;
  }

  /** Ends an instance and opens what waited for it, unless the run is `stopping`. */
  end(
    instance: Instance,
    state: 'succeeded' | 'failed' | 'skipped' | 'cancelled',
    stopping: boolean,
  ): Opened {
    const opened: Opened = { ready: [], parts: [] };
    this.finish(instance, state);
    this.settleIfComplete(this.answeredFor(instance).task, stopping ? null : opened);
    return opened;
  }

  /** Adds the instance that stands in for a failed one. */
  standIn(failed: Instance, fallback: string): Instance {
    const instance = newInstance(fallback, failed, { standsInFor: failed.key });
    failed.fallback = instance.key;
    return this.add(instance);
  }

  /** Adds the instance that undoes a completed one. */
  compensationOf(done: Instance): Instance | undefined {
    const name = this.taskOf(done).onFailure?.compensate;
    return name === undefined ? undefined : this.add(newInstance(name, done, { undoes: done.key }));
  }

  /** Completed instances that can be undone, the last one first: a task done by its stand-in is done as well. */
  compensable(): Instance[] {
    return this.completionOrder
      .map((key) => this.instances.get(key) as Instance)
      .map((done) => (this.canBeUndone(done) ? done : this.answeredFor(done)))
      .filter((done) => this.canBeUndone(done))
      .reverse();
  }

  /** Takes the result of a fan-out's slice from the child that ran it. */
  adoptPart(results: readonly Instance[], stopping: boolean): Opened {
    const opened: Opened = { ready: [], parts: [] };
    for (const result of results) {
      const known = this.instances.get(result.key) ?? this.add({ ...result, state: 'pending' });
      const { state, ...rest } = result;
      Object.assign(known, rest);
      this.finish(known, state as Settled);
    }
    const task = results[0]?.task;
    if (task !== undefined) this.settleIfComplete(task, stopping ? null : opened);
    return opened;
  }

  private open(name: string, opened: Opened): void {
    const task = this.pipeline.tasks[name] as Task;
    if (task.needs.length > 0 && task.needs.every((need) => this.settled.get(need) === 'skipped')) {
      this.settle(name, 'skipped', opened);
      return;
    }
    if (task.forEach === undefined) {
      this.begin(this.add(newInstance(name)), opened);
      return;
    }
    const items = itemsOf(task, this.scope);
    if ('error' in items) this.failBeforeStart(name, items.error);
    else this.expand(name, items.items, 0, opened);
  }

  private expand(name: string, items: readonly JsonValue[], offset: number, opened: Opened): void {
    this.keysOf.set(name, this.keysOf.get(name) ?? []);
    const instances = items.map((item, index) =>
      this.add(newInstance(name, { index: offset + index, item })),
    );
    if (items.length > MAX_INLINE_ITEMS) opened.parts.push(...slices(name, items));
    else for (const instance of instances) this.begin(instance, opened);
    this.settleIfComplete(name, opened);
  }

  /** Readies an instance whose condition holds; skips it, or fails it where the condition cannot be told. */
  private begin(instance: Instance, opened: Opened): void {
    const holds = conditionHolds(this.taskOf(instance).when, this.scope, instance);
    if (holds === true) {
      opened.ready.push(instance);
      return;
    }
    if (holds !== false) instance.error = holds.error;
    this.finish(instance, holds === false ? 'skipped' : 'failed');
    if (instance.index === undefined) this.settleIfComplete(instance.task, opened);
  }

  private failBeforeStart(name: string, error: TaskError): void {
    const instance = this.add(newInstance(name));
    instance.error = error;
    this.finish(instance, 'failed');
    this.settle(name, 'failed');
  }

  private add(instance: Instance): Instance {
    this.instances.set(instance.key, instance);
    const keys = this.keysOf.get(instance.task) ?? [];
    keys.push(instance.key);
    this.keysOf.set(instance.task, keys);
    if (!isOver(instance)) this.active++;
    return instance;
  }

  private finish(instance: Instance, state: Settled): void {
    if (!isOver(instance)) this.active--;
    instance.state = state;
    if (state === 'succeeded') this.completionOrder.push(instance.key);
  }

  /** How an instance counts: a failed one with a successful stand-in has succeeded. */
  private standing(instance: Instance): Instance {
    const fallback = instance.fallback === undefined ? undefined : this.instances.get(instance.fallback);
    return fallback ?? instance;
  }

  /** Whose fate an instance decides: its own, or that of the one it stands in for. */
  private answeredFor(instance: Instance): Instance {
    const failed = instance.standsInFor === undefined ? undefined : this.instances.get(instance.standsInFor);
    return failed ?? instance;
  }

  private canBeUndone(instance: Instance): boolean {
    return this.taskOf(instance).onFailure?.compensate !== undefined;
  }

  private instancesOf(name: string): Instance[] {
    return (this.keysOf.get(name) ?? []).map((key) => this.standing(this.instances.get(key) as Instance));
  }

  private failedInstanceOf(name: string): Instance | undefined {
    return this.instancesOf(name).find((instance) => instance.state === 'failed');
  }

  private settleIfComplete(name: string, opened: Opened | null): void {
    if (this.settled.has(name) || this.onDemand.has(name)) return;
    const instances = this.instancesOf(name);
    if (!instances.every(isOver)) return;
    this.settle(name, overall(instances), opened ?? undefined);
  }

  private settle(name: string, how: Settled, opened?: Opened): void {
    this.settled.set(name, how);
    const isFanOut = this.pipeline.tasks[name]?.forEach !== undefined;
    this.scope.tasks[name] = taskScope(how, this.instancesOf(name), isFanOut);
    for (const dependent of this.dependents.get(name) ?? []) {
      const left = (this.unsettledNeeds.get(dependent) ?? 0) - 1;
      this.unsettledNeeds.set(dependent, left);
      const goesOn = how === 'succeeded' || how === 'skipped';
      if (left === 0 && goesOn && opened && this.needsAreMet(dependent)) {
        this.open(dependent, opened);
      }
    }
  }

  private needsAreMet(name: string): boolean {
    const needs = this.pipeline.tasks[name]?.needs ?? [];
    return needs.every((need) => ['succeeded', 'skipped'].includes(this.settled.get(need) ?? ''));
  }
}

/** A task's fate from its instances': one failure fails it; it is skipped only when all of it was. */
const overall = (instances: readonly Instance[]): Settled => {
  const has = (state: TaskState) => instances.some((instance) => instance.state === state);
  if (has('failed')) return 'failed';
  if (has('cancelled')) return 'cancelled';
  return instances.length > 0 && instances.every(({ state }) => state === 'skipped')
    ? 'skipped'
    : 'succeeded';
};

const slices = (task: string, items: readonly JsonValue[]): Part[] =>
  Array.from({ length: Math.ceil(items.length / MAX_INLINE_ITEMS) }, (_, n) => ({
    task,
    offset: n * MAX_INLINE_ITEMS,
    items: items.slice(n * MAX_INLINE_ITEMS, (n + 1) * MAX_INLINE_ITEMS),
  }));

/** What expressions see of a task that is over. */
const taskScope = (status: Settled, instances: readonly Instance[], isFanOut: boolean): TaskScope =>
  isFanOut
    ? fanOutScope(
        status,
        instances.map(({ state, outputs, item }) => ({ status: state, outputs, item: item ?? null })),
      )
    : { status, outputs: instances[0]?.outputs ?? {} };
