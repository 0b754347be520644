import {
  CancellationScope,
  ChildWorkflowCancellationType,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { ancestorsOf, needsOf } from '../src/domain/pipeline/runtime.js';
import type { PriorityClass } from '../src/domain/resources.js';
import { PIPELINE_WORKFLOW } from '../src/domain/run.js';
import { type Instance, newInstance, type Part } from './graph.js';
import type { PipelineInput, PipelineResult } from './input.js';
import { pipelineForPart, type Scope } from './scope.js';

type Signal = (name: string, argument: unknown) => Promise<void>;

/** The slices of large fan-outs, each run by a child workflow, so that no history grows past its limits. */
export class RunningParts {
  private readonly parts = new Map<Part, Signal | null>();

  constructor(
    private readonly input: PipelineInput,
    private readonly onEnd: (results: readonly Instance[]) => void,
  ) {}

  get count(): number {
    return this.parts.size;
  }

  /** Starts the child of a slice; its items' ends are reported once, whatever becomes of it. */
  start(part: Part, tasks: Scope['tasks'], priorityClass: PriorityClass): void {
    this.parts.set(part, null);
    const input = partInput(this.input, part, tasks, priorityClass);
    void this.run(part, input).then((results) => {
      this.parts.delete(part);
      this.onEnd(results);
    });
  }

  /** Passes on what concerns the whole run. */
  signal(name: string, argument: unknown): void {
    for (const send of this.parts.values()) void send?.(name, argument).catch(() => {});
  }

  private async run(part: Part, input: PipelineInput): Promise<readonly Instance[]> {
    try {
      const child = await startChild<(input: PipelineInput) => Promise<PipelineResult>>(PIPELINE_WORKFLOW, {
        workflowId: `${workflowInfo().workflowId}/${part.task}/${part.offset}`,
        args: [input],
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        typedSearchAttributes: workflowInfo().typedSearchAttributes,
        staticSummary: `${part.task}: items ${part.offset} to ${part.offset + part.items.length - 1}`,
      });
      this.parts.set(part, (name, argument) => child.signal(name, argument));
      const { part: results } = await child.result();
      return results ?? [];
    } catch (cause) {
      return unfinished(part, cause);
    }
  }
}

/** A child's argument: the slice, the document cut down to it, and what its expressions may read. */
const partInput = (
  input: PipelineInput,
  slice: Part,
  tasks: Scope['tasks'],
  priorityClass: PriorityClass,
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
    part: { slice, scopeTasks },
  };
};

/** Where the child itself ended early (terminated by hand, say) its items have ended with it. */
const unfinished = (part: Part, cause: unknown): readonly Instance[] => {
  const state = CancellationScope.current().consideredCancelled ? 'cancelled' : 'failed';
  const error = { code: 'part-failed', message: cause instanceof Error ? cause.message : String(cause) };
  return part.items.map((item, n) => ({
    ...newInstance(part.task, { index: part.offset + n, item }),
    state,
    error,
  }));
};
