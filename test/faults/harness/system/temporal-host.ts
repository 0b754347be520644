import { join } from 'node:path';
import { freePort, resolveTemporal, startTemporalServer } from '../../../../src/embedded/index.js';

/** A Temporal server of our own that keeps its state in a file, so that it can be killed and started again. */
export interface TemporalHost {
  readonly address: string;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it. Throws where none is found. */
export const startTemporal = async (folder: string): Promise<TemporalHost> => {
  const source = await resolveTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: '' } });
  if (source.kind !== 'binary') throw new Error('A Temporal server that can be killed is needed.');
  const port = await freePort();
  const launch = () =>
    startTemporalServer({
      binary: source.path,
      logFile: join(folder, 'temporal.log'),
      databaseFile: join(folder, 'temporal.db'),
      port,
    });
  let server = await launch();
  return {
    address: `127.0.0.1:${port}`,
    async kill() {
      server.kill();
      await server.exited;
    },
    async start() {
      server = await launch();
    },
    stop: () => server.stop(5_000),
  };
};
