import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { createClient } from '../../src/api/client/index.js';
import { problem, run as runSchema, usage } from '../../src/api/schemas.js';
import { aDocument, aTurn, openTestApi, POLICY_TEXT, type TestApi } from './support.js';

// A core costs 0.05 USD an hour, and of work that nobody knows the P90 is 600 s.
let api: TestApi;
beforeAll(async () => {
  const bounds = {
    budgets: {
      default: { usdPerDay: 0.02, exhausted: 'defer' },
      trial: { usdPerMonth: 0, exhausted: 'reject' },
    },
    quotas: { default: { cores: 3 } },
    spending: { usdPerHour: 1, exempt: [] },
    queues: { limits: { cpu: 1 }, exempt: ['critical', 'high'] },
  };
  api = await openTestApi(stringify({ ...parse(POLICY_TEXT), ...bounds }));
});
afterAll(() => api.close());

const start = (fields: object = {}) =>
  api.send('POST', '/v1/runs', { body: { document: aDocument(), ...fields } });

describe('usage', () => {
  test('says what each tenant has spent and reserved, beside its budget, and how the breaker stands', async () => {
    const { body: run } = await start();
    expect(runSchema.parse(run).forecast.warnings).toEqual([]);
    await api.ledger.advance(aTurn(run.id, 'hello'));
    const { status, body } = await api.send('GET', '/v1/usage');
    expect(status).toBe(200);
    const { tenants, breaker } = usage.parse(body);
    expect(tenants.map(({ tenant }) => tenant)).toEqual(['default', 'trial']);
    expect(tenants[0]).toMatchObject({
      day: { spentMicroUsd: 0, reservedMicroUsd: 8_333, overrunMicroUsd: 0, budgetMicroUsd: 20_000 },
      month: { reservedMicroUsd: 8_333, budgetMicroUsd: null },
      exhausted: 'defer',
      share: 1,
      weight: 1,
      held: { cores: 1 },
      quota: { cores: 3 },
    });
    expect(breaker.hour).toMatchObject({ reservedMicroUsd: 8_333, limitMicroUsd: 1_000_000, open: false });
    expect(breaker.day.limitMicroUsd).toBeNull();
    const one = await createClient({ url: api.url }).usage('trial');
    expect(one.tenants.map(({ tenant }) => tenant)).toEqual(['trial']);
  });

  test.each([
    ['tenant=nobody', 404, 'not-found'],
    ['tenant=NOT%20A%20NAME', 400, 'invalid-request'],
    ['pool=gpu', 400, 'invalid-request'],
  ])('asked for %s is refused', async (query, status, code) => {
    const answer = await api.send('GET', `/v1/usage?${query}`);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});

describe('a run that its tenant cannot pay', () => {
  test('is refused where the budget rejects, and warned of where it defers', async () => {
    const refused = await start({ tenant: 'trial' });
    expect([refused.status, refused.body.code]).toEqual([403, 'budget-exhausted']);
    expect(refused.body.detail).toContain('trial has 0.00 USD of its 0.00 USD left for this month');
    const { body } = await start();
    expect(body.forecast.warnings[0]).toMatch(
      /^default has 0\.01 USD of its 0\.02 USD left for today; .* may wait/,
    );
  });
});

describe('a full queue', () => {
  test('refuses new runs that are not urgent with 429 and the time to come back', async () => {
    const { body: run } = await start();
    for (const name of ['a', 'b', 'c', 'd']) await api.ledger.advance(aTurn(run.id, name));
    const answer = await start();
    expect(answer.status).toBe(429);
    expect(problem.parse(answer.body)).toMatchObject({ code: 'queue-full', title: 'Queue full' });
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect((await start({ priority: 'high' })).status).toBe(201);
    await expect(createClient({ url: api.url }).startRun({ document: aDocument() })).rejects.toMatchObject({
      code: 'queue-full',
      retryAfterSeconds: expect.any(Number),
    });
  });
});
