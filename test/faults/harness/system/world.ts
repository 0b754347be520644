import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ApiClient, createClient } from '../../../../src/api/client/index.js';
import { freePort } from '../../../../src/embedded/index.js';
import { UndoStack } from '../../../../src/embedded/undo-stack.js';
import { until } from '../../../../src/embedded/until.js';
import { connectClient, type TemporalClient } from '../../../../workers/temporal.js';
import { createDatabase, type PostgresServer, startPostgres } from '../../../support/postgres.js';
import { type Disk, smallDisk } from './disk.js';
import { NODES, type NodeShape, workerArguments } from './nodes.js';
import { type Part, startPart } from './part.js';
import { startTemporal, type TemporalHost } from './temporal-host.js';

/** A whole system of real processes, with all that can be done to it from outside. */
export interface World {
  readonly folder: string;
  /** Stands in the environment of every process of a task, and nowhere else. */
  readonly mark: string;
  readonly postgres: PostgresServer;
  /** The ledger's database, past all proxies. */
  readonly databaseUrl: string;
  readonly temporal: TemporalHost;
  readonly client: TemporalClient['client'];
  readonly api: ApiClient;
  readonly apiPart: Part;
  readonly controls: readonly Part[];
  readonly workers: readonly Part[];
  readonly disk: Disk;
  say(line: string): void;
  stop(keep: boolean): Promise<void>;
}

const WORKER_TOKEN = 'the-worker-token-of-the-faults';
const POLICY = resolve('test/fixtures/policies/shaken.yaml');
const WITHIN_MS = 120_000;

/** Starts it, and waits until every node takes work. */
export const startWorld = async (say: (line: string) => void): Promise<World> => {
  const undo = new UndoStack();
  try {
    return await assemble(say, undo);
  } catch (error) {
    await undo.undo();
    throw error;
  }
};

const assemble = async (say: World['say'], undo: UndoStack): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-faults-'));
  let kept = false;
  undo.add(() => kept || rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'locks'));
  const mark = `FAULTS_DIR=${folder}`;
  const disk = smallDisk(folder);
  undo.add(() => disk.remove());
  const [postgres, temporal] = await Promise.all([startPostgres(), startTemporal(folder)]);
  undo.add(() => Promise.all([postgres.stop(), temporal.stop()]));
  const databaseUrl = await createDatabase(postgres.url, 'faults');
  const port = await freePort();
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    TEMPORAL_ADDRESS: temporal.address,
    SIGNALBOX_WORKER_TOKEN: WORKER_TOKEN,
    SIGNALBOX_WORKSPACE: disk.path,
    FAULTS_DIR: folder,
  };
  const common = { folder, onOwnEnd: say };
  const onDatabase = (upstream: number) => ({
    ...env,
    SIGNALBOX_DATABASE_URL: `postgres://postgres@127.0.0.1:${upstream}/faults`,
  });
  const service = (name: string, ...args: string[]) =>
    startPart(
      { path: postgres.socket },
      { ...common, name, args: [args[0] ?? name, `--policy=${POLICY}`, ...args.slice(1)] },
      onDatabase,
    );
  const worker = (node: NodeShape) =>
    startPart({ port }, { ...common, name: node.name, args: workerArguments(node) }, (upstream) => ({
      ...env,
      ...{ FAULTS_NODE: node.name, FAULTS_CORES: `${node.cores}`, FAULTS_SLOTS: `${node.slots}` },
      SIGNALBOX_API_URL: `http://127.0.0.1:${upstream}`,
    }));
  const stopAll = (parts: readonly Part[]) =>
    Promise.all(parts.map(({ service, upstream }) => service.stop().finally(() => upstream.stop())));

  const apiPart = await service('api', 'api', `--port=${port}`);
  undo.add(() => stopAll([apiPart]));
  const controls = await Promise.all([service('control-a', 'control'), service('control-b', 'control')]);
  undo.add(() => stopAll(controls));
  const workers = await Promise.all(NODES.map(worker));
  undo.add(() => stopAll(workers));
  const { client, close } = await connectClient({ address: temporal.address, namespace: 'default' });
  undo.add(close);
  const api = createClient({ url: `http://127.0.0.1:${port}` });
  await until('all nodes', WITHIN_MS, async () => {
    const { nodes } = await api.listNodes();
    if (nodes.filter(({ state }) => state === 'active').length < NODES.length) throw new Error('not yet');
  });
  return {
    ...{ folder, mark, postgres, databaseUrl, temporal, client, api, apiPart, controls, workers, disk, say },
    async stop(keep) {
      kept = keep;
      await undo.undo();
    },
  };
};
