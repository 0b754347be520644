import { Context } from '@temporalio/activity';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import pino from 'pino';
import {
  type AdvanceAnswer,
  type AdvanceRequest,
  CONTROL_QUEUE,
  type Deferred,
  type Granted,
  leaseId,
  nodeId,
  PIPELINE_WORKFLOW,
  pipelineSchema,
  type ReadyTask,
  type RunId,
  runId,
  type TaskActivityInput,
  type TaskActivityResult,
  type Verdict,
} from '../../src/domain/index.js';
import { logTemporalTo } from '../../workers/runtime.js';
import { connectClient, connectWorker, type TemporalSettings } from '../../workers/temporal.js';
import type { PipelineInput, PipelineResult } from '../../workflows/input.js';

/** The workflow alone, on a real Temporal server: the test itself plays ledger and worker. */
export interface Rig {
  readonly client: Client;
  /** Every turn that the workflow took, as it asked. */
  readonly turns: AdvanceRequest[];
  /** Every attempt that reached a worker. */
  readonly attempts: TaskActivityInput[];
  answer: (request: AdvanceRequest) => Verdict[] | Promise<Verdict[]>;
  work: (input: TaskActivityInput) => Promise<Partial<TaskActivityResult>>;
  start(tasks: Record<string, object>, more?: Partial<PipelineInput>): Promise<PipelineHandle>;
  stop(): Promise<void>;
}
export type PipelineHandle = WorkflowHandle<(input: PipelineInput) => Promise<PipelineResult>>;

const forecast = { p50Seconds: 1, p90Seconds: 2, observations: 0, model: 'prior', version: '0' };
let leases = 0;

/** A grant of bare slots on the io queue, under a lease of its own. */
export const aGrant = (
  { taskKey, attempt }: Pick<ReadyTask, 'taskKey' | 'attempt'>,
  revision = 1,
): Granted => {
  const fencing = ++leases;
  const resources = { devices: 0, cores: 0, memoryBytes: 0, slots: 1 };
  return {
    ...{ kind: 'granted', taskKey, attempt, revision, forecast, waitedSeconds: 0 },
    lease: {
      ...{ id: leaseId(`lease-${fencing}`), fencing, pool: 'io', nodeId: null, incarnation: 0, devices: [] },
      ...{ resources, taskQueue: 'io' },
    },
  };
};

/** A wait for room. */
export const aDeferral = ({ taskKey, attempt }: Pick<ReadyTask, 'taskKey' | 'attempt'>): Deferred => ({
  ...{
    kind: 'deferred',
    taskKey,
    attempt,
    revision: 1,
    forecast,
    position: 1,
    etaP50Ms: null,
    etaP90Ms: null,
  },
  blockers: [{ code: 'no-capacity', detail: 'the slot is taken' }],
});

/** Starts a rig in a namespace that nobody else uses; by default every ready task is granted and succeeds at once. */
export const startRig = async (temporal: TemporalSettings): Promise<Rig> => {
  logTemporalTo(pino({ level: 'silent' }));
  const { client, close } = await connectClient(temporal);
  const connection = await connectWorker(temporal);
  const shared = { connection, namespace: temporal.namespace };
  const rig: Omit<Rig, 'start' | 'stop'> = {
    client,
    turns: [],
    attempts: [],
    answer: ({ ready }) => ready.map((task) => aGrant(task)),
    work: async () => ({}),
  };
  const advance = async (request: AdvanceRequest): Promise<AdvanceAnswer> => {
    rig.turns.push(request);
    return { verdicts: await rig.answer(request), policyVersion: 'test-1' };
  };
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: CONTROL_QUEUE,
      workflowBundle: { codePath: 'dist/workflow-bundle.js' },
      activities: { advance },
    }),
    Worker.create({
      ...shared,
      taskQueue: 'io',
      activities: { function: (input: TaskActivityInput) => attempt(rig, input) },
      maxHeartbeatThrottleInterval: '100ms',
    }),
  ]);
  const ran = workers.map((worker) => worker.run());
  return Object.assign(rig, {
    start: (tasks: Record<string, object>, more: Partial<PipelineInput> = {}) =>
      client.workflow.start<(input: PipelineInput) => Promise<PipelineResult>>(PIPELINE_WORKFLOW, {
        workflowId: more.runId ?? `rig-${++leases}`,
        taskQueue: CONTROL_QUEUE,
        args: [inputOf(runId(`rig-${leases}`), tasks, more)],
      }),
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(ran);
      await connection.close();
      await close();
    },
  });
};

/** Runs until it is cancelled, as a program does until SIGTERM; `carry` is what it leaves behind. */
export const untilCancelled = async (carry: object = {}): Promise<never> => {
  const beat = setInterval(() => Context.current().heartbeat(), 100);
  await Context.current().cancelled.catch(() => {});
  clearInterval(beat);
  const at = { startedAtMs: 1, endedAtMs: 2, nodeId: 'rig' };
  const usage = { peakMemoryBytes: null, cpuSeconds: null };
  const result = { outcome: 'cancelled', outputs: {}, usage, exitCode: null, progress: null, lostSeconds: 0 };
  throw new CancelledFailure('cancelled', [{ ...result, ...at, checkpoint: null, ...carry }]);
};

const attempt = async (
  rig: Omit<Rig, 'start' | 'stop'>,
  input: TaskActivityInput,
): Promise<TaskActivityResult> => {
  rig.attempts.push(input);
  const startedAtMs = Date.now();
  const done = await rig.work(input);
  const result: TaskActivityResult = {
    ...{ outcome: 'succeeded', outputs: {}, nodeId: nodeId('rig'), startedAtMs, endedAtMs: Date.now() },
    ...{ usage: { peakMemoryBytes: null, cpuSeconds: null }, exitCode: 0, checkpoint: null, progress: null },
    lostSeconds: 0,
    ...done,
  };
  if (result.outcome === 'succeeded') return result;
  throw ApplicationFailure.nonRetryable(
    result.error?.message ?? 'failed',
    result.error?.code ?? 'failed',
    result,
  );
};

const inputOf = (id: RunId, tasks: Record<string, object>, more: Partial<PipelineInput>): PipelineInput => ({
  runId: id,
  pipeline: pipelineSchema.parse({
    ...{ apiVersion: 'signalbox/v1', name: 'rig' },
    tasks: Object.fromEntries(
      Object.entries(tasks).map(([name, task]) => [name, { run: { function: 'noop' }, pool: 'io', ...task }]),
    ),
  }),
  ...{ params: {}, priorityClass: 'normal', tenant: 'default' },
  ...more,
});
