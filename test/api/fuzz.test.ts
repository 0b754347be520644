import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aDocument, openTestApi, type TestApi, WORKER_TOKEN } from './support.js';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const DOCUMENT = aDocument();

/** JSON that is sometimes nearly right, since pure noise is refused at the first check. */
const nearlyARun = fc.record(
  {
    document: fc.oneof(
      fc.constant(DOCUMENT),
      fc.string({ unit: 'binary' }),
      fc.jsonValue({ maxDepth: 6 }),
      fc
        .tuple(fc.nat(DOCUMENT.length), fc.string())
        .map(([at, text]) => DOCUMENT.slice(0, at) + text + DOCUMENT.slice(at + 1)),
    ),
    params: fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom('who', 'times', '__proto__'), fc.jsonValue()),
    ),
    priority: fc.oneof(fc.constantFrom('high', 'low'), fc.jsonValue()),
    deadline: fc.oneof(fc.constantFrom('2h', '1e400s', '2026-02-30T00:00:00Z'), fc.jsonValue()),
    tenant: fc.jsonValue(),
    __proto__: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

const segment = fc.oneof(
  fc.constantFrom(
    'runs',
    'nodes',
    'agent',
    'register',
    'heartbeat',
    'explain',
    'tasks',
    'logs',
    'cancel',
    'priority',
    'deadline',
    'pools',
    'gpu',
    'pause',
    'hold',
    'pin',
    'drain',
    '%00',
    '..',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }).map(encodeURIComponent),
);

const aCall = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'),
  path: fc.array(segment, { maxLength: 6 }).map((segments) => `/v1/${segments.join('/')}`),
  query: fc.oneof(
    fc.constant(''),
    fc.webQueryParameters({ size: 'small' }).map((query) => `?${query}`),
  ),
  body: fc.oneof(fc.jsonValue(), nearlyARun),
});

test('whatever is sent, the API answers below 500', async () => {
  const headers = { authorization: `Bearer ${WORKER_TOKEN}` };
  await fc.assert(
    fc.asyncProperty(aCall, async ({ method, path, query, body }) => {
      const withBody = method !== 'GET' && method !== 'HEAD';
      const answer = await api.send(
        method,
        path + query,
        withBody ? { body: JSON.stringify(body), headers } : { headers },
      );
      expect(answer.status).toBeLessThan(500);
    }),
    { numRuns: 300 },
  );
});

test('whatever is submitted, it becomes a run or a problem that names a mistake, and then nothing is stored', async () => {
  const before = (await api.ledger.listRuns({ limit: 1_000 })).length;
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(nearlyARun, async (body) => {
      const answer = await api.send('POST', '/v1/runs', { body: JSON.stringify(body) });
      if (answer.status === 201) accepted += 1;
      else expect([answer.status, answer.body.problems.length > 0]).toEqual([400, true]);
    }),
    { numRuns: 200 },
  );
  expect(await api.ledger.listRuns({ limit: 1_000 })).toHaveLength(before + accepted);
});
