import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { folderWorkspace } from '../../activities/artifacts/index.js';
import { type ApiSettings, startApi } from '../../src/api/index.js';
import {
  type AdvanceRequest,
  type RegisterRequest,
  type ResourceRequest,
  runId,
  taskKey,
} from '../../src/domain/index.js';
import { type Ledger, openLedger } from '../../src/ledger/index.js';

export const WORKER_TOKEN = 'a-worker-token-for-tests';

/** An API on a free port over a real ledger in memory. */
export interface TestApi {
  readonly url: string;
  readonly ledger: Ledger;
  readonly workspaceFolder: string;
  /** One request; a body that is no text is sent as JSON. */
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
  close(): Promise<void>;
}

interface SendOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** What came back: the body as JSON where it is JSON, else as text. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

/** A node as it registers. */
export const aNode = (fields: Partial<RegisterRequest> = {}): RegisterRequest => ({
  nodeId: 'cpu-1',
  nodeKey: 'k'.repeat(32),
  pool: 'cpu',
  capacity: { devices: 0, cores: 4, memoryBytes: 8 * 2 ** 30, slots: 8 },
  virtualDevices: false,
  labels: {},
  ...fields,
});

/** The policy that ships. */
export const POLICY_TEXT = readFileSync(new URL('../../policies/default.yaml', import.meta.url), 'utf8');
const silent = pino({ level: 'silent' });

/** One more API over the same ledger and workspace, with other settings. */
export const startBeside = (
  api: Pick<TestApi, 'ledger' | 'workspaceFolder'>,
  settings: Partial<ApiSettings>,
) =>
  startApi({
    ledger: api.ledger,
    workspace: folderWorkspace(api.workspaceFolder),
    host: '127.0.0.1',
    port: 0,
    workerToken: WORKER_TOKEN,
    log: silent,
    ...settings,
  });

/** Starts an API for the tests of a file, with a cpu node: a ledger of its own takes seconds to begin. */
export const openTestApi = async (policy = POLICY_TEXT): Promise<TestApi> => {
  const workspaceFolder = mkdtempSync(join(tmpdir(), 'signalbox-api-'));
  const ledger = await openLedger({ url: 'pglite-memory:', policy: policy });
  await ledger.registerNode(aNode());
  const api = await startBeside({ ledger, workspaceFolder }, {});
  const close = async () => {
    await api.stop();
    await ledger.close();
    rmSync(workspaceFolder, { recursive: true, force: true });
  };
  return { url: api.url, ledger, workspaceFolder, send: sender(api.url), close };
};

/** Sends requests to an address. */
export const sender =
  (url: string): TestApi['send'] =>
  async (method, path, { body, headers = {} } = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text ? JSON.parse(text) : text,
    };
  };

/** A pipeline of two commands, the second after the first. */
export const aDocument = (name = 'greet'): string => `apiVersion: signalbox/v1
name: ${name}
parameters:
  who: { type: string, default: world }
  times: { type: integer, default: 1 }
tasks:
  hello:
    run: { command: [echo, "hello \${{ params.who }}"] }
  bye:
    needs: [hello]
    run: { command: [echo, bye] }
`;

/** Writes a file into the test's workspace. */
export const writeFileOf = (api: TestApi, key: string, text: string): void => {
  const path = join(api.workspaceFolder, key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

/** A turn in which one task of the run is ready and asks for one core, or for what is named. */
export const aTurn = (id: string, task: string, request: ResourceRequest = ONE_CORE): AdvanceRequest => ({
  runId: runId(id),
  workflowId: id,
  executionId: 'execution-1',
  pipeline: 'greet',
  tenant: 'default',
  priorityClass: 'normal',
  paused: false,
  ended: [],
  ready: [{ taskKey: taskKey(task), attempt: 1, request, features: {} }],
  withdrawn: [],
  held: [],
  askAgain: false,
});

const ONE_CORE: ResourceRequest = { pool: 'cpu', devices: 0, cores: 1, memoryBytes: 0, slots: 0 };
