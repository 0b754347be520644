import {
  CancellationScope,
  ChildWorkflowCancellationType,
  type ChildWorkflowHandle,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { TaskError } from '../src/domain/advance.js';
import { ancestorsOf, needsOf } from '../src/domain/pipeline/runtime.js';
import type { PriorityClass } from '../src/domain/resources.js';
import { PIPELINE_WORKFLOW } from '../src/domain/run.js';
import { type Instance, newInstance, type Part } from './graph.js';
import type { Obeyed, PipelineInput, PipelineResult } from './input.js';
import { pipelineForPart, type Scope } from './scope.js';

type Child = ChildWorkflowHandle<(input: PipelineInput) => Promise<PipelineResult>>;

/** What a child must know of its run when it starts. */
export interface RunNow {
  readonly tasks: Scope['tasks'];
  readonly priorityClass: PriorityClass;
  readonly paused: boolean;
  readonly obeyed: Obeyed;
  readonly isStopping: boolean;
}

/**
 * The slices of large fan-outs, each run by a child workflow, so that no history grows past its limits. They start one
 * after the other: each start carries the document, and all of one message to the server must stay below 4 MB.
 */
export class RunningParts {
  private readonly parts = new Map<Part, Promise<Child | null>>();
  private lastStart: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly input: PipelineInput,
    private readonly runNow: () => RunNow,
    private readonly onEnd: (results: readonly Instance[]) => void,
  ) {}

  get count(): number {
    return this.parts.size;
  }

  /** Starts the child of a slice; its items' ends are reported once, whatever becomes of it. */
  start(part: Part): void {
    const started = this.lastStart.then(() => this.startNow(part));
    this.lastStart = started.catch(() => {});
    this.parts.set(part, started);
    void resultsOf(part, started).then((results) => {
      this.parts.delete(part);
      this.onEnd(results);
    });
  }

  /** Passes on what concerns the whole run; to a child that is still to start, after its start. */
  signal(name: string, argument: unknown): void {
    for (const started of this.parts.values())
      void started.then((child) => child?.signal(name, argument)).catch(() => {});
  }

  /** Null where the run stops before the slice's turn has come. */
  private startNow(part: Part): Promise<Child> | null {
    const now = this.runNow();
    if (now.isStopping) return null;
    return startChild<(input: PipelineInput) => Promise<PipelineResult>>(PIPELINE_WORKFLOW, {
      workflowId: `${workflowInfo().workflowId}/${part.task}/${part.offset}`,
      args: [partInput(this.input, part, now)],
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      typedSearchAttributes: workflowInfo().typedSearchAttributes,
      staticSummary: `${part.task}: items ${part.offset} to ${part.offset + part.items.length - 1}`,
    });
  }
}

const resultsOf = async (part: Part, started: Promise<Child | null>): Promise<readonly Instance[]> => {
  try {
    const child = await started;
    return child === null ? itemsOf(part, 'cancelled', null) : ((await child.result()).part ?? []);
  } catch (cause) {
    return unfinished(part, cause);
  }
};

/** A child's argument: the slice, the document cut down to it, and what its expressions may read. */
const partInput = (
  input: PipelineInput,
  slice: Part,
  { tasks, priorityClass, paused, obeyed }: RunNow,
): PipelineInput => {
  const scopeTasks = Object.fromEntries(
    [...ancestorsOf(needsOf(input.pipeline), slice.task)].flatMap((name) =>
      tasks[name] ? [[name, tasks[name]]] : [],
    ),
  );
  const { carried: _, ...spec } = input;
  return {
    ...spec,
    priorityClass,
    pipeline: pipelineForPart(input.pipeline, slice.task),
    part: { slice, scopeTasks, paused, obeyed },
  };
};

/** Where the child itself ended early (terminated by hand, say) its items have ended with it. */
const unfinished = (part: Part, cause: unknown): readonly Instance[] => {
  const state = CancellationScope.current().consideredCancelled ? 'cancelled' : 'failed';
  const error = { code: 'part-failed', message: cause instanceof Error ? cause.message : String(cause) };
  return itemsOf(part, state, error);
};

const itemsOf = (
  { task, offset, items }: Part,
  state: 'failed' | 'cancelled',
  error: TaskError | null,
): readonly Instance[] =>
  items.map((item, n) => ({ ...newInstance(task, { index: offset + n, item }), state, error }));
