import { createDatabase, startPostgres } from '../../test/support/postgres.js';

/** A database for a benchmark, and which it is: figures of the one say nothing of the other. */
export interface BenchDatabase {
  readonly name: 'postgres' | 'pglite';
  readonly url: string;
  stop(): Promise<void>;
}

/** A real Postgres with its durability on; `SIGNALBOX_BENCH_DATABASE=pglite` takes the embedded one in a folder. */
export const benchDatabase = async (folder: string): Promise<BenchDatabase> => {
  if (process.env.SIGNALBOX_BENCH_DATABASE === 'pglite') {
    return { name: 'pglite', url: `pglite://${folder}/ledger`, stop: async () => {} };
  }
  const server = await startPostgres([]);
  return { name: 'postgres', url: await createDatabase(server.url, 'signalbox'), stop: () => server.stop() };
};
