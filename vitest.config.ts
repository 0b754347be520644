import { cpus } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Rooms whose tests need the shared Temporal server and the compiled program; all others start in an instant. */
const SERVER_TESTS = ['workflows', 'e2e', 'faults', 'replay', 'bench', 'cli'].map(
  (room) => `test/${room}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: Math.max(2, Math.floor(cpus().length / 2)),
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: SERVER_TESTS,
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'server',
          include: SERVER_TESTS,
          globalSetup: 'test/support/shared-temporal.ts',
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
