import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { nodeList, problem } from '../../src/api/schemas.js';
import { ERRORS } from '../../src/domain/index.js';
import type { Ledger } from '../../src/ledger/index.js';
import { aDocument, aNode, openTestApi, sender, startBeside, type TestApi, WORKER_TOKEN } from './support.js';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

describe('every error is a problem document', () => {
  test.each([
    ['an unknown path', 'GET', '/v1/nothing', {}, 404, 'not-found'],
    ['an unknown method', 'DELETE', '/v1/runs', {}, 404, 'not-found'],
    ['a body that is no JSON', 'POST', '/v1/runs', { body: '{"document": ' }, 400, 'invalid-request'],
    ['no body', 'POST', '/v1/runs', {}, 400, 'invalid-request'],
    ['a body that is a list', 'POST', '/v1/runs', { body: [] }, 400, 'invalid-request'],
    [
      'a body too deep',
      'POST',
      '/v1/runs',
      { body: '['.repeat(10_000) + ']'.repeat(10_000) },
      400,
      'invalid-request',
    ],
    [
      'a body too large',
      'POST',
      '/v1/runs',
      { body: { document: 'x'.repeat(3 << 20) } },
      413,
      'payload-too-large',
    ],
    [
      'a document and parameters that Temporal would not take',
      'POST',
      '/v1/runs',
      { body: { document: aDocument(), params: { who: 'x'.repeat(1_100_000) } } },
      413,
      'payload-too-large',
    ],
    [
      'a form',
      'POST',
      '/v1/runs',
      { body: 'a=b', headers: { 'content-type': 'text/plain' } },
      415,
      'unsupported-media-type',
    ],
    ['a badly escaped path', 'GET', '/v1/runs/%E0%A4%A', {}, 400, 'invalid-request'],
  ] as const)('%s', async (_what, method, path, options, status, code) => {
    const answer = await api.send(method, path, options);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    const document = problem.parse(answer.body);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(document.mend).toBe(ERRORS[code].mend);
    expect(document.requestId).toBe(answer.headers.get('x-request-id'));
    expect(JSON.stringify(document)).not.toMatch(/node_modules|\.js:\d|\.ts:\d/);
  });

  test("a defect tells the reader nothing but the request's id", async () => {
    const { send } = await aBrokenApi();
    const answer = await send('GET', '/v1/nodes', { headers: { 'x-request-id': 'mine-1' } });
    expect(answer.status).toBe(500);
    expect(problem.parse(answer.body)).toMatchObject({ code: 'internal', requestId: 'mine-1' });
    expect(JSON.stringify(answer.body)).not.toMatch(/secret-host|node_modules|\.js:\d|\.ts:\d/);
  });
});

/** An API whose database has gone. */
const aBrokenApi = async () => {
  const gone = () => Promise.reject(new Error('connect ECONNREFUSED secret-host:5432'));
  const ledger: Ledger = { ...api.ledger, ping: gone, listNodes: gone };
  const broken = await startBeside(api, { ledger });
  onTestFinished(() => broken.stop());
  return { send: sender(broken.url) };
};

describe('health', () => {
  test('is alive and ready while the ledger answers', async () => {
    expect((await api.send('GET', '/healthz')).status).toBe(200);
    expect((await api.send('GET', '/readyz')).status).toBe(200);
  });

  test('is alive but not ready without its ledger', async () => {
    const { send } = await aBrokenApi();
    expect((await send('GET', '/healthz')).status).toBe(200);
    const { status, body, headers } = await send('GET', '/readyz');
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'not-ready', '1']);
  });
});

describe('who may ask', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const API_TOKEN = 'an-api-token-for-tests';

  const withApiToken = async () => {
    const guarded = await startBeside(api, { apiToken: API_TOKEN });
    onTestFinished(() => guarded.stop());
    return { send: sender(guarded.url) };
  };

  test('with an API token, whoever shows it, and nobody else', async () => {
    const { send } = await withApiToken();
    const statuses = await Promise.all(
      [{}, bearer('wrong'), bearer(WORKER_TOKEN), bearer(API_TOKEN)].map(
        async (headers) => (await send('GET', '/v1/runs', { headers })).status,
      ),
    );
    expect(statuses).toEqual([401, 401, 401, 200]);
    expect((await send('GET', '/readyz')).status).toBe(200);
  });

  test('as a worker, whoever shows the worker token', async () => {
    const { send } = await withApiToken();
    const body = aNode({ nodeId: 'cpu-2' });
    const statuses = await Promise.all(
      [{}, bearer(API_TOKEN), bearer(WORKER_TOKEN)].map(
        async (headers) => (await send('POST', '/v1/agent/register', { body, headers })).status,
      ),
    );
    expect(statuses).toEqual([401, 401, 200]);
  });

  test('without an API token, only by a name of this machine: no page whose own name resolves to it', async () => {
    expect(await statusByHost(api.url, 'evil.example')).toBe(403);
    expect(await statusByHost(api.url, 'localhost:7700')).toBe(200);
    expect(await statusByHost(api.url, '[::1]:7700')).toBe(200);
  });

  test('nobody: a host that others reach without an API token is refused at start', async () => {
    await expect(startBeside(api, { host: '0.0.0.0' })).rejects.toMatchObject({ code: 'unsafe-bind' });
  });
});

const statusByHost = (url: string, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(`${url}/v1/runs`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });

test('a taken port is a clear error', async () => {
  const port = Number(new URL(api.url).port);
  await expect(startBeside(api, { port })).rejects.toMatchObject({ code: 'port-taken' });
});

describe('nodes', () => {
  test('register, are listed with what they have, and renew', async () => {
    const headers = { authorization: `Bearer ${WORKER_TOKEN}` };
    const node = aNode({ nodeId: 'gpu-1', pool: 'gpu', virtualDevices: true, labels: { zone: 'a' } });
    const registered = await api.send('POST', '/v1/agent/register', { body: node, headers });
    expect(registered.body).toMatchObject({ incarnation: 1, heartbeatSeconds: expect.any(Number) });
    const beat = {
      nodeId: 'gpu-1',
      nodeKey: node.nodeKey,
      incarnation: 1,
      draining: true,
      load: {
        ...{ cpuShare: 0.5, memoryUsedBytes: 1, memoryBytes: 2, devices: [] },
        problems: ['device 1 does not report'],
      },
      running: [],
      ended: [],
    };
    expect((await api.send('POST', '/v1/agent/heartbeat', { body: beat, headers })).body).toEqual({
      stop: [],
      stale: false,
    });
    const { nodes } = nodeList.parse((await api.send('GET', '/v1/nodes')).body);
    expect(nodes.filter(({ id }) => id === 'gpu-1')).toMatchObject([
      {
        ...{ id: 'gpu-1', pool: 'gpu', state: 'draining', virtualDevices: true, labels: { zone: 'a' } },
        load: beat.load,
      },
    ]);
  });

  test('that say something else than the protocol are refused, every mistake named', async () => {
    const body = { ...aNode(), pool: 'tpu', colour: 'red' };
    const answer = await api.send('POST', '/v1/agent/register', {
      body,
      headers: { authorization: `Bearer ${WORKER_TOKEN}` },
    });
    expect(answer.status).toBe(400);
    expect(answer.body.problems.map(({ path }: { path: string }) => path).sort()).toEqual(['colour', 'pool']);
  });
});
