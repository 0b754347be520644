import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONTROL_QUEUE, PIPELINE_WORKFLOW, pipelineSchema } from '../../src/domain/index.js';
import { connectClient, type TemporalClient } from '../../workers/temporal.js';
import { type Stack, startStack } from '../support/stack.js';

let stack: Stack;
let temporal: TemporalClient;
beforeAll(async () => {
  stack = await startStack({
    database: 'postgres',
    policy: 'test/fixtures/policies/watchful.yaml',
    nodes: [{ name: 'gpu-a', pool: 'gpu', devices: 1 }],
  });
  temporal = await connectClient(stack.temporal);
});
afterAll(async () => {
  await temporal?.close();
  await stack?.stop();
});

const path = (name: string): string => join(stack.folder, name);
const read = (name: string): string =>
  existsSync(path(name)) ? readFileSync(path(name), 'utf8').trim() : '';

/** Every task notes it where somebody else is on the device; the lock lasts as long as any of its processes. */
const onTheDevice = (work: string) =>
  [`exec 9>${path('device')}`, `flock -n 9 || echo $SIGNALBOX_TASK >> ${path('shared')}`, work].join('\n');

/** Asked to leave it takes a second. Run a second time, it has nothing to do. */
const holds = () => ({
  apiVersion: 'signalbox/v1',
  name: 'holds',
  tasks: {
    hold: {
      pool: 'gpu',
      grace: '5s',
      run: {
        command: onTheDevice(
          `[ -e ${path('left')} ] && exit 0
           trap 'sleep 1; date +%s%3N > ${path('left')}; exit 1' TERM
           date +%s%3N > ${path('began')}; while :; do sleep 0.05; done`,
        ),
      },
    },
  },
});
const next = () => ({
  apiVersion: 'signalbox/v1',
  name: 'next',
  tasks: { next: { pool: 'gpu', run: { command: onTheDevice(`date +%s%3N > ${path('next')}`) } } },
});

/** A run that holds the device. */
const aHolder = async (): Promise<string> => {
  const id = await stack.submit({ document: holds() });
  await expect.poll(() => read('began')).not.toBe('');
  return id;
};

/** The same, with a time-out such as somebody may set who starts the workflow by hand. */
const aHolderWithin = async (workflowRunTimeout: '3s'): Promise<string> => {
  const pid = stack.programs.get('control')?.pid() as number;
  process.kill(pid, 'SIGSTOP');
  try {
    const runId = await stack.submit({ document: holds() });
    const pipeline = pipelineSchema.parse(holds());
    await temporal.client.workflow.start(PIPELINE_WORKFLOW, {
      workflowId: runId,
      taskQueue: CONTROL_QUEUE,
      workflowRunTimeout,
      args: [{ runId, pipeline, params: {}, priorityClass: 'normal', tenant: 'default' }],
    });
    return runId;
  } finally {
    process.kill(pid, 'SIGCONT');
  }
};

const handle = (id: string) => temporal.client.workflow.getHandle(id);

/** EventType of a workflow task that was completed. */
const WORKFLOW_TASK_COMPLETED = 7;

const reset = async (id: string): Promise<void> => {
  const { events } = await handle(id).fetchHistory();
  const first = events?.find(({ eventType }) => eventType === WORKFLOW_TASK_COMPLETED)?.eventId;
  await temporal.client.workflowService.resetWorkflowExecution({
    namespace: stack.temporal.namespace,
    workflowExecution: { workflowId: id },
    reason: 'by hand',
    requestId: randomUUID(),
    ...(first ? { workflowTaskFinishEventId: first } : {}),
  });
};

const ways = [
  { what: 'cancelled', end: async () => handle(await aHolder()).cancel() },
  { what: 'terminated', end: async () => handle(await aHolder()).terminate() },
  { what: 'timed-out', end: async () => void (await aHolderWithin('3s')) },
  { what: 'reset', end: async () => reset(await aHolder()) },
];

test.each(ways)(
  'a $what workflow gives its device back when its process has left with its grace, and not before',
  async ({ end }) => {
    for (const name of ['left', 'began', 'next', 'shared']) rmSync(path(name), { force: true });
    await end();
    await expect.poll(() => read('began')).not.toBe('');
    const successor = await stack.submit({ document: next() });
    expect((await stack.untilEnded(successor)).status).toBe('succeeded');
    expect(Number(read('next'))).toBeGreaterThanOrEqual(Number(read('left')));
    expect(read('left'), 'it was given its grace').not.toBe('');
    expect(read('shared')).toBe('');
  },
);
