import { continueAsNew, patched, workflowInfo } from '@temporalio/workflow';
import {
  type AdvanceRequest,
  type EndedAttempt,
  OUT_OF_MEMORY,
  type RunEnd,
  type TaskError,
} from '../src/domain/advance.js';
import type { Deferred, Granted, Rejected, Revoked, Verdict } from '../src/domain/decision.js';
import { durationSeconds } from '../src/domain/pipeline/runtime.js';
import type { PriorityClass } from '../src/domain/resources.js';
import type { Ordered, PipelineSignals, PreemptSignal } from '../src/domain/run.js';
import { AskAgainTimer } from './ask-again.js';
import type { AttemptEnd } from './attempt.js';
import { summaryOf } from './details.js';
import { type Graph, type Instance, isOver } from './graph.js';
import { type Carried, HISTORY_LIMITS, type Obeyed, type PipelineInput, type Stop } from './input.js';
import { RunningParts } from './parts.js';
import { Progress } from './progress.js';
import { endedAttempt, neverKnown, RunningAttempts, returned, type Start } from './running.js';
import { readyTaskOf, sizeOf } from './scope.js';
import { ask, durableWait, pauseAfter } from './turn.js';

/** Histories from before a lease that was taken back unheard of led to a new attempt: their runs waited for ever. */
const UNKNOWN_LEASES_COME_AGAIN = 'unknown-leases-come-again';

/** Histories from before a pause, a resumption or another class that came while the run asked was passed on: they waited for the timer. */
const NEWS_WHILE_ASKING = 'news-while-asking';

/** What an execution may leave to the next: Temporal takes 2 MB. */
const MAX_CARRIED_BYTES = 1.75 * 1024 * 1024;

/**
 * One execution of a run, as a loop of turns: tell the policy activity what ended and what is ready, act on its answer,
 * wait for news. It decides nothing about resources.
 */
export class PipelineRun {
  priorityClass: PriorityClass;
  paused = false;
  private obeyed: Obeyed = {};
  private readonly progress: Progress;
  private readonly running = new RunningAttempts((start, end) =>
    this.note(() => this.attemptEnded(start, end)),
  );
  private readonly parts: RunningParts;
  private readonly timer = new AskAgainTimer(() => this.note(() => this.wantsAnswers()));
  private ended: EndedAttempt[] = [];
  private askAgain = false;
  private changed = false;
  private draining = false;
  private unanswered = 0;
  private silent = false;
  private wake: () => void = () => {};

  constructor(private readonly input: PipelineInput) {
    this.priorityClass = input.priorityClass;
    this.paused = input.part?.paused ?? false;
    this.obeyed = (input.carried ?? input.part)?.obeyed ?? {};
    this.progress = new Progress(input, {
      after: (delayMs, then) => void durableWait(delayMs).then(() => this.note(then)),
      startPart: (part) => this.parts.start(part),
      stopRunning: (stop) => this.stopRunning(stop),
      now: Date.now,
    });
    this.parts = new RunningParts(
      input,
      () => ({
        tasks: this.progress.scope.tasks,
        priorityClass: this.priorityClass,
        paused: this.paused,
        isStopping: this.progress.stop !== null,
        obeyed: this.obeyed,
      }),
      (results) => this.note(() => this.progress.adopt(results)),
    );
  }

  get graph(): Graph {
    return this.progress.graph;
  }

  /** What a person sees of the run in one word. */
  get phase(): string {
    if (this.progress.isUndoing) return 'compensating';
    if (this.progress.stop !== null) return 'stopping';
    if (this.paused) return 'paused';
    return this.isIdle && this.waiting().length > 0 ? 'waiting' : 'running';
  }

  /** Goes through the graph to its end; `onPause` is called each time before it waits for news. */
  async execute(onPause: () => void): Promise<RunEnd> {
    if (this.input.carried === undefined) this.progress.begin();
    else this.resume(this.input.carried);
    while (!this.isOver || this.progress.undoNext()) {
      if (this.mustContinueAsNew()) await this.continueAsNew();
      if (this.hasNews) await this.turn();
      this.timer.arm(this.waiting(), Date.now());
      onPause();
      if (!this.hasNews && !this.isOver) await this.news();
    }
    const end = this.outcome();
    await this.lastTurn(end);
    return end;
  }

  /** Applies what the planner said of one attempt; the highest revision wins, whether answer or signal; a wait keeps its revision while its ETA moves. */
  apply(verdict: Verdict): void {
    const instance = this.graph.find(verdict.taskKey);
    if (instance === undefined || isOver(instance) || instance.attempt !== verdict.attempt) {
      if (verdict.kind === 'granted') this.giveBack(verdict);
      return;
    }
    const known = instance.verdict?.attempt === verdict.attempt ? instance.verdict : null;
    const isOld = known !== null && known.revision > verdict.revision;
    const isRepeated = known?.revision === verdict.revision && verdict.kind !== 'deferred';
    if (isOld || isRepeated) return;
    instance.verdict = verdict;
    this.note(() => this.follow(instance, verdict));
  }

  /** Asks the attempt that holds a lease to make room. */
  preempt(signal: PreemptSignal): void {
    this.running.preempt(signal);
  }

  /** Ends the run early: nothing new starts, what ran is asked to end, completed tasks are compensated. */
  cancel(reason: string): void {
    this.note(() => this.progress.beginStop({ kind: 'cancelled', code: 'cancelled', message: reason }));
  }

  /** For a child whose siblings have failed: nothing new starts, what runs may end. */
  stopStarting(reason: string): void {
    this.note(() => this.progress.beginStop({ kind: 'failed', code: 'stopped', message: reason }));
  }

  /** Holds all that has not started, or lets it go on. */
  setPaused(paused: boolean, ordered: Ordered): void {
    if (!this.isNewest('paused', ordered)) return;
    this.paused = paused;
    this.tellAll(paused ? 'pause' : 'resume', ordered);
  }

  /** Moves the run, its waiting tasks included, to another class. */
  setPriority(ordered: PipelineSignals['setPriority']): void {
    if (!this.isNewest('priorityClass', ordered)) return;
    this.priorityClass = ordered.priorityClass;
    this.tellAll('setPriority', ordered);
  }

  /** Signals may overtake each other: of two orders about the same the later one counts. */
  private isNewest(what: keyof Obeyed, { number }: Ordered): boolean {
    const newest = this.obeyed[what] ?? 0;
    if (number !== undefined && number < newest) return false;
    this.obeyed = { ...this.obeyed, [what]: number ?? newest };
    return true;
  }

  private resume(carried: Carried): void {
    this.progress.resume(carried);
    this.paused = carried.paused;
    this.priorityClass = carried.priorityClass;
    this.ended = [...carried.ended];
    this.askAgain = this.waiting().length > 0;
  }

  private note(change: () => void): void {
    change();
    this.wake();
  }

  /** Until something is noted. A promise of our own: Temporal's `condition` enters the sandbox twice more for each turn. */
  private news(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private wantsAnswers(): void {
    this.askAgain = true;
  }

  private tellAll<Name extends 'pause' | 'resume' | 'setPriority'>(
    name: Name,
    argument: PipelineSignals[Name],
  ): void {
    this.note(() => {
      this.changed = true;
    });
    this.parts.signal(name, argument);
  }

  private stopRunning(stop: Stop): void {
    const isCancelled = stop.kind === 'cancelled';
    if (isCancelled) this.running.cancelAll();
    this.parts.signal(isCancelled ? 'cancel' : 'stop', { reason: stop.message });
  }

  private get isIdle(): boolean {
    return this.running.count === 0 && this.parts.count === 0;
  }

  private get isOver(): boolean {
    return this.graph.isDone && this.isIdle;
  }

  private get isHolding(): boolean {
    return this.paused || this.draining;
  }

  private get hasNews(): boolean {
    if (this.silent) return false;
    const queued = this.draining ? 0 : this.progress.queue.length;
    return this.ended.length + this.progress.withdrawn.length + queued > 0 || this.askAgain || this.changed;
  }

  private waiting(): Deferred[] {
    return [...this.graph.instances.values()].flatMap(({ state, verdict }) =>
      state === 'waiting' && verdict?.kind === 'deferred' ? [verdict] : [],
    );
  }

  private async turn(): Promise<void> {
    // A paused run's ready tasks take their place in the queue all the same; they are not granted.
    const told = this.draining ? [] : this.progress.queue.splice(0);
    const request = this.request(told);
    const { changed, askAgain } = this;
    this.changed = false;
    this.askAgain = false;
    const answer = await ask(request);
    if (answer === null) {
      const { queue } = this.progress;
      this.changed ||= changed;
      this.askAgain ||= askAgain;
      queue.unshift(...told.filter((instance) => !queue.includes(instance)));
      this.tryLater();
      return;
    }
    this.unanswered = 0;
    this.ended = this.ended.slice(request.ended.length);
    this.progress.withdrawn = this.progress.withdrawn.slice(request.withdrawn.length);
    // Temporal lets a run hear signals while it asks, where that has taken 8 seconds: what they change the next turn must say.
    if ((this.changed || this.askAgain) && !patched(NEWS_WHILE_ASKING)) {
      this.changed = false;
      this.askAgain = false;
    }
    for (const verdict of answer.verdicts) this.apply(verdict);
  }

  private request(told: readonly Instance[], end?: RunEnd): AdvanceRequest {
    const { runId, pipeline, tenant, deadlineAtMs, carried } = this.input;
    const { workflowId, runId: executionId } = workflowInfo();
    const ready = told.map((instance) =>
      readyTaskOf(this.graph.taskOf(instance), this.progress.scope, instance),
    );
    return {
      ...{
        runId,
        workflowId,
        executionId,
        pipeline: pipeline.name,
        tenant,
        priorityClass: this.priorityClass,
      },
      ...(carried ? { continuesExecutionId: carried.executionId } : {}),
      ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
      ...{ paused: this.isHolding, askAgain: this.askAgain, held: this.running.held },
      ...{ ended: [...this.ended], withdrawn: [...this.progress.withdrawn], ready },
      ...(end ? { end } : {}),
    };
  }

  private tryLater(): void {
    this.silent = true;
    this.unanswered++;
    void pauseAfter(this.unanswered).then(() => this.note(() => this.speakAgain()));
  }

  private speakAgain(): void {
    this.silent = false;
  }

  /** The run's end must reach the ledger, however long that takes. */
  private async lastTurn(end: RunEnd): Promise<void> {
    const request = this.request([], this.input.part === undefined ? end : undefined);
    for (let failures = 1; (await ask(request)) === null; failures++) await pauseAfter(failures);
  }

  private follow(instance: Instance, verdict: Verdict): void {
    const { progress } = this;
    if (verdict.kind === 'granted') this.launch(instance, verdict);
    else if (verdict.kind === 'deferred') instance.state = 'waiting';
    else if (verdict.kind === 'reused') progress.succeed(instance, verdict.outputs);
    else if (verdict.kind === 'revoked') this.takeBack(instance, verdict);
    else {
      instance.wantsMoreMemory = false;
      progress.fail(instance, refusalOf(verdict));
    }
  }

  /** One that the run had not yet heard of (its answer was lost, its signal is late) must be asked for again, as a new attempt. */
  private takeBack(instance: Instance, verdict: Revoked): void {
    if (this.running.revoke(instance.key, verdict.why)) return;
    const isAsked = instance.state === 'pending' || instance.state === 'waiting';
    if (!isAsked || !patched(UNKNOWN_LEASES_COME_AGAIN)) return;
    this.ended.push(...neverKnown(verdict, Date.now()));
    this.progress.startAgain(instance, 'preempted', null);
  }

  private launch(instance: Instance, granted: Granted): void {
    const run = this.progress.taskRun(instance);
    if (run === null) {
      this.giveBack(granted);
      return;
    }
    instance.state = 'running';
    instance.wantsMoreMemory = false;
    const { timeout, grace } = this.graph.taskOf(instance);
    const { runId, pipeline, tenant } = this.input;
    this.running.launch({
      instance,
      granted,
      input: {
        ...{ runId, pipeline: pipeline.name, tenant, taskKey: instance.key, attempt: instance.attempt },
        ...{
          run,
          lease: granted.lease,
          graceSeconds: durationSeconds(grace),
          checkpoint: instance.checkpoint,
        },
      },
      timeoutSeconds: durationSeconds(timeout),
      summary: summaryOf(instance, granted),
    });
  }

  /** A lease that the run has no use for (cancelled meanwhile, or a late signal) goes back unused. */
  private giveBack(granted: Granted): void {
    if (!this.running.holds(granted.lease.id))
      this.note(() => this.ended.push(returned(granted, Date.now())));
  }

  private attemptEnded(start: Start, end: AttemptEnd): void {
    const { instance, granted } = start;
    const isWanted = this.progress.stop?.kind !== 'cancelled' || instance.undoes !== undefined;
    const outcome = end.outcome === 'cancelled' && isWanted ? 'preempted' : end.outcome;
    this.ended.push(endedAttempt(start, { ...end, outcome }, Date.now()));
    instance.checkpoint = end.checkpoint ?? instance.checkpoint;
    if (outcome === 'succeeded') this.progress.succeed(instance, end.result?.outputs ?? {});
    else if (outcome === 'failed') this.attemptFailed(instance, end.error);
    else if (outcome === 'cancelled') this.progress.close(instance, 'cancelled');
    else this.progress.startAgain(instance, outcome, end.result?.nodeId ?? granted.lease.nodeId);
  }

  private attemptFailed(instance: Instance, error: TaskError | null): void {
    if (error?.code === OUT_OF_MEMORY && patched('more-memory'))
      this.progress.runOutOfMemory(instance, error);
    else this.progress.fail(instance, error);
  }

  private outcome(): RunEnd {
    const { stop } = this.progress;
    if (stop === null) return { status: 'succeeded' };
    const failed = this.graph.failedCompensations.map(({ key }) => key).join(', ');
    const more = failed === '' ? '' : `\nCompensation failed too: ${failed}.`;
    return { status: stop.kind, error: { code: stop.code, message: stop.message + more } };
  }

  /** Running activities do not survive continue-as-new: past the limits nothing new starts until none is left. */
  private mustContinueAsNew(): boolean {
    const { historyLength, historySize, continueAsNewSuggested } = workflowInfo();
    const limits = this.input.historyLimits ?? HISTORY_LIMITS;
    const isFull = historyLength > limits.events || historySize > limits.bytes;
    if (isFull && !this.draining) {
      this.draining = true;
      this.changed = this.waiting().length > 0;
    }
    const isWished = this.draining || continueAsNewSuggested;
    return isWished && this.isIdle && !this.isOver && !this.silent && this.canBeCarried();
  }

  /** Tens of thousands of items are more than an argument holds; then the run goes on in the history that it has. */
  private canBeCarried(): boolean {
    return sizeOf({ ...this.input, carried: this.carried() }) <= MAX_CARRIED_BYTES;
  }

  private continueAsNew(): Promise<never> {
    return continueAsNew<(input: PipelineInput) => Promise<unknown>>({
      ...this.input,
      carried: this.carried(),
    });
  }

  private carried(): Carried {
    const { paused, priorityClass, obeyed, ended } = this;
    const { runId: executionId } = workflowInfo();
    return { executionId, ...this.progress.snapshot(), ended, paused, priorityClass, obeyed };
  }
}

/** Without more memory the task has failed for want of it, and its document says how often it is tried. */
const refusalOf = ({ blockers }: Rejected): TaskError => {
  const message = blockers.map(({ detail }) => detail).join('; ');
  const [first] = blockers;
  return first?.code === 'no-larger-slot'
    ? { code: OUT_OF_MEMORY, message }
    : { code: first?.code ?? 'never-fits', message, final: true };
};
