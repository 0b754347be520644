import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../src/api/client/index.js';
import { demand, forecaster } from '../../src/api/schemas.js';
import { openTestApi, type TestApi } from './support.js';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

describe('the forecaster', () => {
  test('tells its state and what it has learned from; it takes no query', async () => {
    const { status, body } = await api.send('GET', '/v1/forecaster');
    expect(status).toBe(200);
    expect(forecaster.parse(body)).toMatchObject({
      observations: 0,
      doubtfulRuntimes: 0,
      doubtfulFeatures: 0,
    });
    expect(await createClient({ url: api.url }).forecaster()).toEqual(body);
    expect((await api.send('GET', '/v1/forecaster?pool=gpu')).status).toBe(400);
  });
});

describe('the demand', () => {
  test('is told of every pool or one; without history it foretells nothing', async () => {
    const { status, body } = await api.send('GET', '/v1/demand');
    expect(status).toBe(200);
    expect(demand.parse(body).pools).toEqual([
      { pool: 'gpu', unit: 'device-seconds', hoursLearned: 0, coming: [] },
      { pool: 'cpu', unit: 'core-seconds', hoursLearned: 0, coming: [] },
      { pool: 'io', unit: 'slot-seconds', hoursLearned: 0, coming: [] },
    ]);
    const one = await createClient({ url: api.url }).demand({ pool: 'io', hours: 168 });
    expect(one.pools.map(({ pool }) => pool)).toEqual(['io']);
  });

  test.each([
    ['pool=tpu', 'pool'],
    ['hours=0', 'hours'],
    ['hours=169', 'hours'],
    ['hours=1.5', 'hours'],
    ['hours=many', 'hours'],
    ['hour=1', 'hour'],
  ])('of ?%s is refused by the place of the mistake', async (query, path) => {
    const { status, body } = await api.send('GET', `/v1/demand?${query}`);
    expect([status, body.code]).toEqual([400, 'invalid-request']);
    expect(body.problems).toMatchObject([{ path, mend: expect.stringMatching(/./) }]);
  });
});
