import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, resolveTemporal, startTemporalServer } from '../../src/embedded/index.js';
import { benchDatabase } from './database.js';
import { startProcess } from './process.js';
import type { BenchSettings, Hardware } from './settings.js';

/** A whole system: Temporal, a database, a process with control and API, a process with the nodes' workers. */
export const setStage = async (hardware: Hardware) => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-'));
  const database = await benchDatabase(folder);
  const source = await resolveTemporal();
  const port = await freePort();
  const server =
    source.kind === 'address'
      ? null
      : await startTemporalServer({ binary: source.path, logFile: join(folder, 'temporal.log'), port });
  const address = source.kind === 'address' ? source.address : `127.0.0.1:${port}`;
  const settings: BenchSettings = {
    temporal: { address, namespace: 'default' },
    databaseUrl: database.url,
    folder,
    workerToken: 'bench-worker-token',
    hardware,
  };
  const control = await startProcess('overhead/control.ts', settings);
  const apiUrl = String(control.answer.apiUrl);
  const pool = await startProcess('overhead/pool.ts', { ...settings, apiUrl });
  const stop = async () => {
    for (const side of [pool, control]) await side.end();
    await server?.stop(5_000);
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { settings, apiUrl, database: database.name, stop };
};
