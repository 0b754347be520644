import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { processes } from '../../activities/tasks/index.js';
import {
  attemptPrefix,
  isBareSlots,
  type Lease,
  leaseId,
  NOTHING,
  nodeId,
  runId,
  type TaskActivityInput,
  type TaskRun,
  taskKey,
} from '../../src/domain/index.js';
import {
  connectClient,
  connectWorker,
  type TemporalClient,
  type TemporalSettings,
} from '../../workers/temporal.js';
import { type Program, startProgram } from '../support/program.js';
import { testNamespace } from '../support/temporal.js';
import { type FakeApi, startFakeApi } from '../workers/fake-api.js';
import type { oneTask } from './one-task.workflow.js';

const TOKEN = 'worker-token-of-the-test';
const wait = { timeout: 60_000, interval: 50 };

let temporal: TemporalSettings;
let client: TemporalClient;
let control: Worker;
let controlling: Promise<void>;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  temporal = await testNamespace();
  client = await connectClient(temporal);
  control = await Worker.create({
    connection: await connectWorker(temporal),
    namespace: temporal.namespace,
    taskQueue: 'one-task',
    workflowsPath: resolve('test/faults/one-task.workflow.ts'),
  });
  controlling = control.run();
});
afterAll(async () => {
  control.shutdown();
  await controlling;
  await control.options.connection?.close();
  await client.close();
});

let api: FakeApi;
let folder: string;
let worker: Program;
beforeEach(async () => {
  api = await startFakeApi({ heartbeatSeconds: 0.2, selfFenceSeconds: 60 });
  api.token = TOKEN;
  folder = mkdtempSync(join(tmpdir(), 'signalbox-pool-'));
  worker = await startProgram('worker', ['worker', '--pool=io', '--node=n1', '--cores=4', '--slots=4'], {
    folder,
    env: {
      PATH: process.env.PATH,
      SIGNALBOX_API_URL: api.url,
      SIGNALBOX_WORKER_TOKEN: TOKEN,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
    },
  });
  await expect.poll(() => api.heartbeats.length, wait).toBeGreaterThan(0);
});
afterEach(async () => {
  await worker.stop();
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
const anInput = (run: TaskRun, lease: Partial<Lease> = {}): TaskActivityInput => {
  const resources = lease.resources ?? { ...NOTHING, cores: 1 };
  const bare = isBareSlots(resources);
  return {
    runId: runId('run'),
    pipeline: 'p',
    tenant: 't',
    taskKey: taskKey(`task-${++count}`),
    attempt: 1,
    run,
    graceSeconds: 10,
    checkpoint: null,
    lease: {
      id: leaseId(`pool-lease-${process.pid}-${count}`),
      fencing: count,
      pool: 'io',
      nodeId: bare ? null : nodeId('n1'),
      incarnation: bare ? 0 : api.registrations.length,
      devices: [],
      resources,
      taskQueue: bare ? 'io' : 'io@n1',
      ...lease,
    },
  };
};
const sh = (command: string): TaskRun => ({ kind: 'command', command, env: {}, outputs: [] });
const schedule = (input: TaskActivityInput) =>
  client.client.workflow.start<typeof oneTask>('oneTask', {
    taskQueue: 'one-task',
    workflowId: input.lease.id,
    args: [input],
  });
const folderOf = ({ runId, taskKey, attempt }: TaskActivityInput) =>
  join(folder, '.signalbox/workspace', attemptPrefix(runId, taskKey, attempt));

/** Starts a task and waits until it has written the file `ready`. */
const begin = async (input: TaskActivityInput) => {
  const handle = await schedule(input);
  await expect.poll(() => existsSync(join(folderOf(input), 'ready')), wait).toBe(true);
  return handle;
};

/** The processes of every group that the node has on record. */
const groupsOnRecord = (): number[] => {
  const groups = join(folder, '.signalbox/nodes/n1/groups');
  return readdirSync(groups).map((name) => JSON.parse(readFileSync(join(groups, name), 'utf8')).group);
};
const isStopped = (pid: number) =>
  execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('T');
const alive = (groups: readonly number[]) => processes(({ group }) => groups.includes(group));

it('a task for bare slots comes by the class queue, one that holds hardware by the node queue', async () => {
  const slots = anInput(sh('echo {} > $SIGNALBOX_OUTPUT'), { resources: { ...NOTHING, slots: 1 } });
  const cores = anInput({ kind: 'sql', statements: ['SELECT 42 AS answer'], assertions: [], files: {} });
  const results = await Promise.all([slots, cores].map(async (input) => (await schedule(input)).result()));
  expect(results).toMatchObject([
    { outcome: 'succeeded', nodeId: 'n1' },
    { outcome: 'succeeded', outputs: { answer: 42 } },
  ]);
  const ids = [slots, cores].map(({ lease }) => lease.id as string);
  await expect
    .poll(() => api.heartbeats.flatMap(({ ended }) => ended.map(({ leaseId }) => leaseId)), wait)
    .toEqual(expect.arrayContaining(ids));
});

it('a cancel reaches the task, and its result comes back with it', async () => {
  const input = anInput(
    sh(
      `trap 'echo saved > $SIGNALBOX_CHECKPOINT_DIR/s; exit 1' TERM; touch ready; while :; do sleep 0.05; done`,
    ),
  );
  const handle = await begin(input);
  await handle.cancel();
  expect(await handle.result()).toMatchObject({
    outcome: 'cancelled',
    checkpoint: { uri: expect.stringContaining('checkpoint') },
  });
});

it('a worker killed in the middle of a task takes all of the task with it', async () => {
  await begin(
    anInput(
      sh('sleep 300 & (sleep 300 & sleep 300) & trap "" TERM HUP; touch ready; while :; do sleep 1; done'),
    ),
  );
  const groups = groupsOnRecord();
  expect((await alive(groups)).length).toBeGreaterThan(3);
  await worker.kill();
  await expect.poll(() => alive(groups), wait).toEqual([]);
});

it('a worker started again ends what escaped, before it registers', async () => {
  await begin(anInput(sh('touch ready; while :; do sleep 1; done')));
  const groups = groupsOnRecord();
  // Stopped, the watcher cannot do its work when the worker dies.
  const pids = (await alive(groups)).map(({ pid }) => pid);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  // On a busy machine a signal takes its time.
  await expect.poll(() => pids.every(isStopped), wait).toBe(true);
  await worker.kill();
  expect((await alive(groups)).length).toBeGreaterThan(0);
  let leftovers: unknown;
  api.onRegister = async () => {
    leftovers = await alive(groups);
  };
  await worker.start();
  await expect.poll(() => api.registrations.length, wait).toBe(2);
  expect(leftovers).toEqual([]);
});

it('a worker told to stop leaves its task the grace, keeps the checkpoint, says so, and goes', async () => {
  const input = anInput(
    sh(
      `trap 'echo 9 > $SIGNALBOX_CHECKPOINT_DIR/epoch; exit 0' TERM; touch ready; while :; do sleep 0.05; done`,
    ),
  );
  const handle = await begin(input);
  await worker.stop();
  expect(await handle.result()).toMatchObject({
    outcome: 'preempted',
    error: { code: 'worker-draining' },
    checkpoint: { uri: expect.stringContaining('checkpoint') },
  });
  expect(api.last()).toMatchObject({ draining: true, running: [] });
  const ended = api.heartbeats.flatMap((beat) => beat.ended.map(({ leaseId }) => leaseId));
  expect(ended).toContain(input.lease.id);
  await expect.poll(() => processes(({ pid }) => pid === worker.pid()), wait).toEqual([]);
});

it('a lease that the API takes back ends its task at once', async () => {
  const input = anInput(sh(`trap '' TERM; touch ready; while :; do sleep 0.05; done`));
  const handle = await begin(input);
  api.answer = { stop: [input.lease.id], stale: false };
  expect(await handle.result()).toMatchObject({
    outcome: 'lost',
    error: { code: 'lease-revoked' },
  });
});
