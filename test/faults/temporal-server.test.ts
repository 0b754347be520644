import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  freePort,
  requireFreePorts,
  resolveTemporal,
  startTemporalServer,
} from '../../src/embedded/index.js';

let folder: string;
let binary: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-temporal-'));
  const source = await resolveTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: '' } });
  if (source.kind === 'binary') binary = source.path;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = async () => ({
  binary,
  logFile: join(folder, 'temporal.log'),
  databaseFile: join(folder, 'temporal.db'),
  port: await freePort(),
});

async function withClient<T>(port: number, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

test('a server with a file knows its workflows again after a SIGKILL', async () => {
  const settings = await options();
  const first = await startTemporalServer(settings);
  await withClient(settings.port, (client) =>
    client.workflow.start('any', {
      workflowId: 'kept',
      taskQueue: 'nobody',
      searchAttributes: { SignalboxPhase: ['running'] },
    }),
  );
  first.kill();
  await first.exited;

  const second = await startTemporalServer(settings);
  const found = await withClient(settings.port, (client) => client.workflow.getHandle('kept').describe());
  expect(found.status.name).toBe('RUNNING');
  expect(found.searchAttributes).toMatchObject({ SignalboxPhase: ['running'] });
  await second.stop(5_000);
});

test('a server that cannot start is an error that says why', async () => {
  const settings = {
    ...(await options()),
    databaseFile: join(folder, 'no', 'such', 'folder', 'temporal.db'),
  };
  await expect(startTemporalServer(settings)).rejects.toMatchObject({
    code: 'temporal-unavailable',
    message: expect.stringContaining('no/such/folder'),
  });
});

test('a server leaves when the process that started it is killed', async () => {
  const settings = await options();
  const starter = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { startTemporalServer } = await import('./dist/src/embedded/index.js');
       const server = await startTemporalServer(${JSON.stringify(settings)});
       console.log(server.pid);
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(starter.stdout, 'data');
  starter.kill('SIGKILL');
  // Its port is free again: the server is gone.
  await expect.poll(() => freeToListen(settings.port), { timeout: 20_000, interval: 100 }).toBe(true);
});

const freeToListen = (port: number): Promise<boolean> =>
  requireFreePorts({ '--port': port }).then(
    () => true,
    () => false,
  );
