import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { freePort, resolveTemporal, startTemporalServer } from '../../src/embedded/index.js';

declare module 'vitest' {
  export interface ProvidedContext {
    temporalAddress: string;
  }
}

/** Once per test run, and only when a test that needs it runs: one Temporal server, in memory, for all of them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const source = await resolveTemporal();
  if (source.kind === 'address') {
    project.provide('temporalAddress', source.address);
    return async () => undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-temporal-'));
  const port = await freePort();
  const server = await startTemporalServer({
    binary: source.path,
    logFile: join(folder, 'temporal.log'),
    port,
  });
  project.provide('temporalAddress', `127.0.0.1:${port}`);
  return async () => {
    await server.stop(5_000);
    await rm(folder, { recursive: true, force: true });
  };
}
