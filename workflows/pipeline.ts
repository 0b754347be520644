import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  defineQuery,
  defineSignal,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunEnd } from '../src/domain/advance.js';
import { type PipelineSignals, type RunState, SEARCH_ATTRIBUTES, type TaskView } from '../src/domain/run.js';
import { detailsOf } from './details.js';
import type { Instance } from './graph.js';
import type { PipelineInput, PipelineResult } from './input.js';
import { PipelineRun } from './run.js';

type Reason = PipelineSignals['pause'];

const signal = <Name extends keyof PipelineSignals>(name: Name) =>
  defineSignal<[PipelineSignals[Name]]>(name);
const phaseKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.phase, SearchAttributeType.KEYWORD);
const stateQuery = defineQuery<RunState>('state');

/**
 * A pipeline's run (or, as a child, a slice of its fan-out). Fails where the run failed and is cancelled where it was
 * cancelled, so that Temporal's own list tells how runs ended.
 */
export const pipeline = (input: PipelineInput): Promise<PipelineResult> => {
  const outside = CancellationScope.current();
  return CancellationScope.nonCancellable(async () => {
    const run = new PipelineRun(input);
    listen(run);
    outside.cancelRequested.catch(() => run.cancel('Cancelled in Temporal.'));
    const end = await run.execute(() => show(run));
    show(run, end);
    return resultOf(run, input, end);
  });
};

const listen = (run: PipelineRun): void => {
  setHandler(signal('grant'), (granted) => run.apply(granted));
  setHandler(signal('revoke'), (revoked) => run.apply(revoked));
  setHandler(signal('preempt'), (which) => run.preempt(which));
  setHandler(signal('cancel'), ({ reason }) => run.cancel(reason));
  setHandler(signal('pause'), (ordered) => run.setPaused(true, ordered));
  setHandler(signal('resume'), (ordered) => run.setPaused(false, ordered));
  setHandler(signal('setPriority'), (ordered) => run.setPriority(ordered));
  setHandler(defineSignal<[Reason]>('stop'), ({ reason }) => run.stopStarting(reason));
  setHandler(stateQuery, () => stateOf(run));
  listenToUpdates(run);
};

/** The same acts as updates: the caller learns the state that followed. */
const listenToUpdates = (run: PipelineRun): void => {
  setHandler(defineUpdate<RunState, [Reason]>('cancel'), ({ reason }) => {
    run.cancel(reason);
    return stateOf(run);
  });
  setHandler(defineUpdate<RunState, [Reason]>('pause'), (ordered) => {
    run.setPaused(true, ordered);
    return stateOf(run);
  });
  setHandler(defineUpdate<RunState, [Reason]>('resume'), (ordered) => {
    run.setPaused(false, ordered);
    return stateOf(run);
  });
  setHandler(defineUpdate<RunState, [PipelineSignals['setPriority']]>('setPriority'), (ordered) => {
    run.setPriority(ordered);
    return stateOf(run);
  });
};

const stateOf = (run: PipelineRun): RunState => ({
  status: 'running',
  phase: run.phase,
  paused: run.paused,
  priorityClass: run.priorityClass,
  tasks: [...run.graph.instances.values()].map(viewOf),
});

const viewOf = ({ key, state, attempt, verdict, outputs, error }: Instance): TaskView => ({
  taskKey: key,
  state,
  attempt,
  verdict,
  outputs,
  error,
});

/** Keeps Temporal's Web UI up to date: the phase to search by, and a table of the tasks. */
const show = (run: PipelineRun, end?: RunEnd): void => {
  const phase = end?.status ?? run.phase;
  const { typedSearchAttributes } = workflowInfo();
  if (typedSearchAttributes.get(phaseKey) !== phase)
    upsertSearchAttributes([{ key: phaseKey, value: phase }]);
  // While replaying too: a run that is over, or was evicted, is replayed to answer the UI, and has no later turn.
  setCurrentDetails(detailsOf(run.graph, end?.error ? `${phase}: ${end.error.message}` : phase));
};

const resultOf = (run: PipelineRun, input: PipelineInput, end: RunEnd): PipelineResult => {
  const instances = [...run.graph.instances.values()];
  if (input.part !== undefined)
    return { status: end.status, tasks: instances.length, outputs: {}, part: run.graph.withoutOldVerdicts() };
  if (end.status === 'cancelled') throw new CancelledFailure(end.error?.message ?? 'cancelled');
  if (end.status === 'failed') throw ApplicationFailure.nonRetryable(end.error?.message, end.error?.code);
  const last = instances.filter(({ task, state }) => state === 'succeeded' && run.graph.isLast(task));
  return {
    status: 'succeeded',
    tasks: instances.length,
    outputs: Object.fromEntries(last.map(({ key, outputs }) => [key, outputs])),
  };
};
