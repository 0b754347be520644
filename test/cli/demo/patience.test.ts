import { expect, it } from 'vitest';
import type { ApiClient, StartRun } from '../../../src/api/client/index.js';
import { patient } from '../../../src/cli/demo/patience.js';
import { SignalboxError } from '../../../src/domain/index.js';

/** A client whose API fails so many times before it answers; the fault is the subject here. */
const flaky = (failures: number, error: Error) => {
  const keys: (string | undefined)[] = [];
  const startRun = async (_: StartRun, key?: string) => {
    keys.push(key);
    if (keys.length <= failures) throw error;
    return { created: true };
  };
  return { client: { startRun } as unknown as ApiClient, keys };
};
const request = { document: 'name: x' };

it('asks again while the API is away, with the same key, so that the run starts once', async () => {
  const { client, keys } = flaky(1, new SignalboxError('api-unreachable', 'away'));
  await expect(patient(client).startRun(request)).resolves.toEqual({ created: true });
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
});

it('does not ask again after a refusal', async () => {
  const { client, keys } = flaky(1, new SignalboxError('invalid-document', 'wrong'));
  await expect(patient(client).startRun(request)).rejects.toMatchObject({ code: 'invalid-document' });
  expect(keys).toHaveLength(1);
});
