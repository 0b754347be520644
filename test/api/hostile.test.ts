import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApi, type TestApi } from './support.js';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

test.each([
  ['GET', '/v1/runs/a%00'],
  ['GET', '/v1/runs/a/explain?task=b%00'],
  ['GET', '/v1/runs?cursor=a%00'],
  ['GET', '/v1/events?run=a%00'],
  ['GET', '/v1/recordings/a%00'],
  ['POST', '/v1/runs/a%00/cancel'],
  ['POST', '/v1/nodes/a%00/drain'],
] as const)(
  '%s %s is refused for its NUL, and not taken for a failure of the database',
  async (method, path) => {
    const answer = await api.send(method, path);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  },
);
