import type { EndedAttempt, TaskError } from '../src/domain/advance.js';
import type { Outcome } from '../src/domain/forecast.js';
import { type NodeId, type TaskKey, taskKey } from '../src/domain/ids.js';
import type { JsonValue } from '../src/domain/json.js';
import type { TaskRun } from '../src/domain/task-activity.js';
import { Graph, type Instance, isOver, type Opened, type Part } from './graph.js';
import type { Carried, PipelineInput, Stop } from './input.js';
import { OutputBudget } from './output-budget.js';
import { backoffSeconds, MAX_LOSSES, mayRetry } from './retry.js';
import { type RunScope, taskRunOf } from './scope.js';

/** What the progress of a run asks of whoever drives it. */
export interface Driver {
  /** Call `then` after a durable wait. */
  after(delayMs: number, then: () => void): void;
  /** Run a slice of a fan-out as a child. */
  startPart(part: Part): void;
  /** Ask what runs to end: all of it, or only so that nothing new starts. */
  stopRunning(stop: Stop): void;
  now(): number;
}

/**
 * What becomes of each task: queued, retried, replaced by its fallback, ended, undone. The rules of a pipeline document,
 * free of Temporal; `queue`, `ended` and `withdrawn` are what the next turn has to tell.
 */
export class Progress {
  readonly graph: Graph;
  readonly scope: RunScope;
  stop: Stop | null = null;
  queue: Instance[] = [];
  withdrawn: EndedKey[] = [];
  private readonly budget = new OutputBudget();
  private readonly rendered = new Map<TaskKey, TaskRun>();
  private toUndo: Instance[] | null = null;

  constructor(
    private readonly input: PipelineInput,
    private readonly driver: Driver,
  ) {
    const { params, runId: id, pipeline, tenant, part } = input;
    this.scope = { params, run: { id, pipeline: pipeline.name, tenant }, tasks: { ...part?.scopeTasks } };
    this.graph = new Graph(pipeline, this.scope);
  }

  /** Opens what needs nothing; for a child, its slice. */
  begin(): void {
    const { part } = this.input;
    this.take(part === undefined ? this.graph.start() : this.graph.startPart(part.slice));
  }

  /** Goes on where an earlier execution stopped. */
  resume(carried: Carried): void {
    this.graph.restore(carried.graph);
    this.stop = carried.stop;
    this.withdrawn = [...carried.withdrawn];
    this.toUndo = carried.toUndo?.map((key) => this.graph.find(key) as Instance) ?? null;
    this.queue = carried.queued.map((key) => this.graph.find(key) as Instance);
    for (const instance of this.graph.instances.values()) {
      this.budget.take(instance.outputs);
      if (instance.state === 'backing-off')
        this.wait(instance, (instance.retryAtMs ?? 0) - this.driver.now());
    }
  }

  /** The part of `Carried` that is the run's progress. */
  snapshot(): Pick<Carried, 'graph' | 'stop' | 'withdrawn' | 'toUndo' | 'queued'> {
    return {
      graph: this.graph.snapshot(),
      stop: this.stop,
      withdrawn: this.withdrawn,
      toUndo: this.toUndo?.map(({ key }) => key) ?? null,
      queued: this.queue.map(({ key }) => key),
    };
  }

  /** Whether completed tasks are being undone. */
  get isUndoing(): boolean {
    return this.toUndo !== null;
  }

  /** What an instance runs, rendered once; null where its expressions fail, which has ended it. */
  taskRun(instance: Instance): TaskRun | null {
    const known = this.rendered.get(instance.key);
    if (known !== undefined) return known;
    const run = taskRunOf(this.graph.taskOf(instance), this.scope, instance);
    if ('error' in run) {
      instance.error = run.error;
      this.close(instance, 'failed');
      return null;
    }
    this.rendered.set(instance.key, run);
    return run;
  }

  /** An attempt or a reused result brought outputs. */
  succeed(instance: Instance, outputs: Readonly<Record<string, JsonValue>>): void {
    const tooLarge = this.budget.take(outputs);
    if (tooLarge !== null) {
      this.fail(instance, tooLarge);
      return;
    }
    instance.outputs = outputs;
    instance.error = null;
    this.close(instance, 'succeeded');
  }

  /** An attempt failed: another one, the fallback, or the end of the task. */
  fail(instance: Instance, error: TaskError | null): void {
    const task = this.graph.taskOf(instance);
    instance.error = error;
    instance.failures++;
    if (this.startsNothing) this.close(instance, 'failed');
    else if (mayRetry(task, instance.failures, error))
      this.wait(instance, backoffSeconds(task, instance.failures) * 1000);
    else if (task.onFailure?.fallback !== undefined && instance.standsInFor === undefined) {
      this.fallBack(instance, task.onFailure.fallback, error);
    } else this.close(instance, 'failed');
  }

  /** An attempt ran out of memory: another one with more, which is no failure where there is more. */
  runOutOfMemory(instance: Instance, error: TaskError): void {
    const { retry } = this.graph.taskOf(instance);
    if (this.startsNothing || retry.final.includes(error.code)) {
      this.fail(instance, error);
      return;
    }
    instance.error = error;
    instance.wantsMoreMemory = true;
    this.enqueue(instance);
  }

  /** An attempt was preempted or lost: not the task's failure. After a loss another node is tried first. */
  startAgain(instance: Instance, outcome: Extract<Outcome, 'preempted' | 'lost'>, node: NodeId | null): void {
    if (outcome === 'lost') {
      instance.losses++;
      if (node !== null) instance.suspectNodes = [...new Set([...instance.suspectNodes, node])];
    }
    if (this.startsNothing) this.close(instance, 'cancelled');
    else if (instance.losses > MAX_LOSSES) this.fail(instance, lostTooOften(instance.losses));
    else this.enqueue(instance);
  }

  /** Ends an instance and opens what waited for it. */
  close(instance: Instance, state: 'succeeded' | 'failed' | 'cancelled'): void {
    this.rendered.delete(instance.key);
    this.take(this.graph.end(instance, state, this.stop !== null));
  }

  /** Takes what a child made of its slice. */
  adopt(results: readonly Instance[]): void {
    for (const { outputs } of results) this.budget.take(outputs);
    this.take(this.graph.adoptPart(results, this.stop !== null));
  }

  /** Starts nothing new; a cancellation also ends what runs. Compensation, once begun, is not interrupted. */
  beginStop(stop: Stop): void {
    if (this.isUndoing || this.stop?.kind === 'cancelled') return;
    this.stop = stop;
    this.queue = [];
    for (const instance of [...this.graph.instances.values()]) this.stopInstance(instance);
    this.driver.stopRunning(stop);
  }

  /** Starts the next compensation, last completed first; false where none is left or none is due. */
  undoNext(): boolean {
    if (this.stop === null || this.input.part !== undefined) return false;
    this.toUndo ??= this.graph.compensable();
    const next = this.toUndo.shift();
    const compensation = next && this.graph.compensationOf(next);
    if (compensation === undefined) return false;
    this.enqueue(compensation);
    return true;
  }

  /** Compensations go on while the run stops; nothing else starts. */
  private get startsNothing(): boolean {
    return this.stop !== null && !this.isUndoing;
  }

  private fallBack(instance: Instance, fallback: string, error: TaskError | null): void {
    this.scope.tasks[instance.task] = { status: 'failed', outputs: {}, ...(error ? { error } : {}) };
    const standIn = this.graph.standIn(instance, fallback);
    this.close(instance, 'failed');
    this.enqueue(standIn);
  }

  private wait(instance: Instance, delayMs: number): void {
    instance.state = 'backing-off';
    instance.retryAtMs = this.driver.now() + Math.max(delayMs, 0);
    this.driver.after(Math.max(delayMs, 1), () => {
      if (instance.state === 'backing-off') this.enqueue(instance);
    });
  }

  private enqueue(instance: Instance): void {
    instance.state = 'pending';
    instance.attempt++;
    if (this.taskRun(instance) !== null) this.queue.push(instance);
  }

  /** One that cannot even be rendered stops the run, and with it those that opened beside it. */
  private take({ ready, parts }: Opened): void {
    this.stopOnFailure();
    for (const instance of ready) {
      if (this.startsNothing) this.close(instance, 'cancelled');
      else this.enqueue(instance);
    }
    for (const part of parts) {
      if (this.startsNothing) this.closePart(part);
      else this.driver.startPart(part);
    }
  }

  private closePart({ task, offset, items }: Part): void {
    for (const n of items.keys()) {
      const instance = this.graph.find(taskKey(task, offset + n));
      if (instance !== undefined) this.close(instance, 'cancelled');
    }
  }

  private stopInstance(instance: Instance): void {
    const isTheChilds = instance.state === 'pending' && instance.attempt === 0;
    if (isOver(instance) || instance.state === 'running' || isTheChilds) return;
    if (instance.state === 'waiting')
      this.withdrawn.push({ taskKey: instance.key, attempt: instance.attempt });
    this.close(instance, 'cancelled');
  }

  private stopOnFailure(): void {
    const failed = this.stop === null ? this.graph.failure : undefined;
    if (failed === undefined) return;
    const { code, message } = failed.error ?? { code: 'failed', message: 'It failed.' };
    this.beginStop({ kind: 'failed', code, message: `Task ${failed.key} failed: ${message}` });
  }
}

type EndedKey = Pick<EndedAttempt, 'taskKey' | 'attempt'>;

const lostTooOften = (losses: number): TaskError => ({
  code: 'worker-lost',
  message: `Its worker was lost ${losses} times; the task may be what kills it.`,
  final: true,
});
