import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { folderWorkspace, type Workspace } from '../../activities/artifacts/index.js';
import { createTaskActivities, type TaskSettings } from '../../activities/tasks/index.js';
import {
  leaseId,
  NOTHING,
  nodeId,
  type Resources,
  runId,
  type TaskActivityInput,
  type TaskActivityResult,
  type TaskRun,
  taskKey,
} from '../../src/domain/index.js';
import { Leases } from '../../workers/agent/leases.js';

const GIB = 2 ** 30;
const CAPACITY: Resources = { devices: 2, cores: 8, memoryBytes: 64 * GIB, slots: 8 };

/** Everything that tasks need, real, in a folder of its own; `dispose` removes it. */
export const aBench = (overrides: Partial<TaskSettings> = {}) => {
  const root = mkdtempSync(join(tmpdir(), 'signalbox-test-'));
  const workspace: Workspace = overrides.workspace ?? folderWorkspace(join(root, 'workspace'));
  const groups = new Map<string, number>();
  const ended: string[] = [];
  const leases = new Leases(nodeId('bench'), CAPACITY, () => ({ incarnation: 1, state: 'open' }), {
    launched: (lease, group) => void groups.set(lease, group),
    ended: (lease) => void ended.push(lease.id),
    urgent: () => undefined,
  });
  const settings: TaskSettings = {
    agent: { nodeId: nodeId('bench'), take: (lease, signal) => leases.take(lease, signal) },
    log: pino({ level: 'silent' }),
    functions: {},
    projectFolder: root,
    passEnv: [],
    env: process.env,
    logLimitBytes: 1 << 20,
    checkpointEverySeconds: 60,
    ...overrides,
    workspace,
  };
  return {
    root,
    workspace,
    leases,
    groups,
    ended,
    activities: createTaskActivities(settings),
    dispose: () => rmSync(root, { recursive: true, force: true }),
  };
};
export type Bench = ReturnType<typeof aBench>;

let count = 0;

/** A task's input with a fresh lease. */
export const anInput = (
  run: TaskRun,
  { resources = {}, devices = [], ...rest }: Partial<TaskActivityInput> & Partial<Lacking> = {},
): TaskActivityInput => ({
  runId: runId('run-1'),
  pipeline: 'p',
  tenant: 't',
  taskKey: taskKey('task'),
  attempt: 1,
  run,
  graceSeconds: 5,
  checkpoint: null,
  lease: {
    id: leaseId(`lease-${process.pid}-${++count}`),
    fencing: count,
    pool: 'cpu',
    nodeId: nodeId('bench'),
    incarnation: 1,
    devices,
    resources: { ...NOTHING, cores: 1, devices: devices.length, ...resources },
    taskQueue: 'cpu@bench',
  },
  ...rest,
});
interface Lacking {
  readonly resources: Partial<Resources>;
  readonly devices: readonly number[];
}

/** A shell text as a task. */
export const sh = (command: string | readonly string[], more: object = {}): TaskRun => ({
  kind: 'command',
  command,
  env: {},
  outputs: [],
  ...more,
});

/** Runs a task as Temporal would, and gives its result however it ended. */
export const perform = (
  bench: Bench,
  input: TaskActivityInput,
  environment = new MockActivityEnvironment(),
) =>
  (environment.run(bench.activities[input.run.kind], input) as Promise<TaskActivityResult>).catch(
    (error: { details?: [TaskActivityResult] }) => {
      const [result] = error.details ?? [];
      if (result === undefined) throw error;
      return result;
    },
  );

/** Whether a process is alive (a zombie that nobody has waited for is not). */
export { processes } from '../../activities/tasks/index.js';
