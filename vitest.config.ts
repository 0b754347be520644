import { cpus } from 'node:os';
import { defineConfig } from 'vitest/config';

const testsOf = (...rooms: string[]): string[] => rooms.map((room) => `test/${room}/**/*.test.ts`);
/** Rooms whose tests need the shared Postgres server. */
const STORE_TESTS = testsOf('ledger');
/** Rooms whose tests need the compiled program, the shared Temporal server and the shared Postgres server. */
const SERVER_TESTS = testsOf('workflows', 'e2e', 'faults', 'replay', 'bench', 'cli');

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: Math.max(2, Math.floor(cpus().length / 2)),
    reporters: ['default'],
    // A condition is waited for, however busy the machine is; a test that asks for more says so.
    expect: { poll: { timeout: 60_000, interval: 50 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: testsOf('**'),
          exclude: [...STORE_TESTS, ...SERVER_TESTS],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'store',
          include: STORE_TESTS,
          globalSetup: 'test/support/shared-postgres.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'server',
          include: SERVER_TESTS,
          globalSetup: ['compiled', 'shared-temporal', 'shared-postgres'].map(
            (part) => `test/support/${part}.ts`,
          ),
          // Whole systems start in these: seconds on a machine of their own, a minute on one that is overloaded.
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
