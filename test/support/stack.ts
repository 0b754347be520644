import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pino from 'pino';
import { folderWorkspace } from '../../activities/artifacts/index.js';
import {
  type ApiClient,
  createClient,
  type RunDetail,
  type StartRun,
  type Task,
} from '../../src/api/client/index.js';
import { startApi } from '../../src/api/index.js';
import type { Pool } from '../../src/domain/index.js';
import { freePort } from '../../src/embedded/index.js';
import { UndoStack } from '../../src/embedded/undo-stack.js';
import { until } from '../../src/embedded/until.js';
import { openLedger } from '../../src/ledger/index.js';
import { startControl } from '../../workers/control.js';
import { testDatabase } from './database.js';
import { type Program, startProgram } from './program.js';
import { type TestNamespace, testNamespace } from './temporal.js';

/** A node of the stack; capacity that is not named is small and the same everywhere. */
export interface StackNode {
  readonly name: string;
  readonly pool: Pool;
  readonly devices?: number;
  readonly cores?: number;
}

/** What a stack is made of. */
export interface StackOptions {
  /** On PGlite ledger, control and API live in the test's process; on Postgres each is a process of its own. */
  readonly database: 'pglite' | 'postgres';
  readonly nodes: readonly StackNode[];
  /** A module of functions for every worker. */
  readonly functions?: string;
  /** A policy document, relative to the project; the default policy where absent. */
  readonly policy?: string;
}

/** A whole system with a namespace, ports and folders of its own, on the shared Temporal server. */
export interface Stack {
  readonly api: ApiClient;
  readonly apiUrl: string;
  readonly temporal: TestNamespace;
  /** A folder for what a test's tasks write. */
  readonly folder: string;
  /** The processes by name: the nodes' workers; on Postgres also `api` and `control`. */
  readonly programs: ReadonlyMap<string, Program>;
  /** Starts a run and gives its id. */
  submit(request: StartRun, idempotencyKey?: string): Promise<string>;
  /** Waits for the run's end and gives it with its tasks. */
  untilEnded(runId: string): Promise<RunDetail>;
  /** Waits until a task of the run is in this state, and gives it. */
  untilTask(runId: string, key: string, state: Task['state']): Promise<Task>;
  stop(): Promise<void>;
}

const WORKER_TOKEN = 'the-worker-token-of-the-tests';
const WITHIN_MS = 120_000;

/** What every part of one stack is told. */
interface Surroundings {
  readonly folder: string;
  readonly port: number;
  readonly policy: string;
  readonly temporal: TestNamespace;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts a system of these nodes and waits until they all take work. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const undo = new UndoStack();
  try {
    return await assemble(options, undo);
  } catch (error) {
    await undo.undo();
    throw error;
  }
}

async function assemble(options: StackOptions, undo: UndoStack): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-stack-'));
  undo.add(() => rmSync(folder, { recursive: true, force: true }));
  const around = await surroundings(folder, options);
  const services =
    options.database === 'pglite' ? await inThisProcess(around, undo) : await asProcesses(around, undo);
  const workers = await Promise.all(options.nodes.map((node) => startWorker(node, options, around)));
  undo.add(() => Promise.all(workers.map((worker) => worker.stop())));
  const programs = new Map([...services, ...workers].map((program) => [program.name, program]));
  const apiUrl = `http://127.0.0.1:${around.port}`;
  const api = createClient({ url: apiUrl });
  const wait = (what: string, holds: () => Promise<boolean>) => patiently(programs, what, holds);
  await wait('all nodes', async () => {
    const { nodes } = await api.listNodes();
    return nodes.filter(({ state }) => state === 'active').length === options.nodes.length;
  });

  const taskOf = async (runId: string, key: string) =>
    (await api.getRun(runId)).tasks.find((task) => task.key === key);
  return {
    api,
    apiUrl,
    temporal: around.temporal,
    folder,
    programs,
    submit: async (request, key) => (await api.startRun(request, key)).run.id,
    untilEnded: async (runId) => {
      await wait(`the end of ${runId}`, async () => (await api.getRun(runId)).status !== 'running');
      return api.getRun(runId);
    },
    untilTask: async (runId, key, state) => {
      await wait(`${key} to be ${state}`, async () => (await taskOf(runId, key))?.state === state);
      return (await taskOf(runId, key)) as Task;
    },
    stop: () => undo.undo(),
  };
}

async function surroundings(
  folder: string,
  { policy = 'policies/default.yaml' }: StackOptions,
): Promise<Surroundings> {
  const temporal = await testNamespace();
  const port = await freePort();
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    SIGNALBOX_API_URL: `http://127.0.0.1:${port}`,
    SIGNALBOX_WORKER_TOKEN: WORKER_TOKEN,
    SIGNALBOX_WORKSPACE: join(folder, 'workspace'),
  };
  return { folder, port, policy: resolve(policy), temporal, env };
}

/** Ledger, API and control in the test's process, as `signalbox dev` has them in its own. */
async function inThisProcess(
  { folder, port, policy, temporal }: Surroundings,
  undo: UndoStack,
): Promise<Program[]> {
  const log = pino({ base: null }, pino.destination(join(folder, 'services.log')));
  const ledger = await openLedger({
    url: 'pglite-memory:',
    policy: readFileSync(policy, 'utf8'),
    log,
  });
  undo.add(() => ledger.close());
  const workspace = folderWorkspace(join(folder, 'workspace'));
  const api = await startApi({ ledger, workspace, workerToken: WORKER_TOKEN, host: '127.0.0.1', port, log });
  undo.add(() => api.stop());
  const control = await startControl({ temporal, ledger, log });
  undo.add(() => control.stop());
  return [];
}

/** `signalbox api` and `signalbox control` over a database of their own. */
async function asProcesses(around: Surroundings, undo: UndoStack): Promise<Program[]> {
  const env = { ...around.env, SIGNALBOX_DATABASE_URL: await testDatabase() };
  const start = (name: string, ...args: string[]) =>
    startProgram(name, [name, `--policy=${around.policy}`, ...args], { folder: around.folder, env });
  const programs = [await start('api', `--port=${around.port}`), await start('control')];
  undo.add(() => Promise.all(programs.map((program) => program.stop())));
  return programs;
}

const startWorker = (
  { name, pool, devices, cores = 2 }: StackNode,
  options: StackOptions,
  around: Surroundings,
) =>
  startProgram(
    name,
    [
      'worker',
      `--pool=${pool}`,
      `--node=${name}`,
      `--cores=${cores}`,
      '--memory=1GiB',
      ...(devices === undefined ? [] : [`--virtual-devices=${devices}`]),
      ...(options.functions === undefined ? [] : [`--functions=${options.functions}`]),
    ],
    around,
  );

/** Waits until it holds; should it never, the error carries what the programs logged last. */
async function patiently(
  programs: ReadonlyMap<string, Program>,
  what: string,
  holds: () => Promise<boolean>,
): Promise<void> {
  try {
    await until(what, WITHIN_MS, async () => {
      if (!(await holds())) throw new Error('not yet');
    });
  } catch (error) {
    const logs = [...programs.values()].map(({ name, logFile }) => `--- ${name}\n${tail(logFile)}`);
    throw new Error([(error as Error).message, ...logs].join('\n'), { cause: error });
  }
}

const tail = (path: string): string => readFileSync(path, 'utf8').slice(-1_500);
