import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createDatabase } from './postgres.js';

/** An empty database of one's own on the shared Postgres server: one for each test (or test file) keeps them apart. */
export const testDatabase = (): Promise<string> =>
  createDatabase(inject('postgresUrl'), `test_${randomBytes(5).toString('hex')}`);
