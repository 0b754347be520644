import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../src/api/client/index.js';
import { forecaster } from '../../src/api/schemas.js';
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
