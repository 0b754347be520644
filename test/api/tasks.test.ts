import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explanationList, runDetail } from '../../src/api/schemas.js';
import type { AdvanceRequest, Granted, ResourceRequest } from '../../src/domain/index.js';
import { aDocument, aNode, aTurn, openTestApi, type TestApi, writeFileOf } from './support.js';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

/** A run whose first task has asked for this much. */
const aTaskOf = async (request: ResourceRequest) => {
  const { body } = await api.send('POST', '/v1/runs', { body: { document: aDocument() } });
  const { verdicts } = await api.ledger.advance(aTurn(body.id, 'hello', request));
  return { id: body.id as string, verdict: verdicts[0] };
};

/** A run whose first task runs. */
const aRunningTask = async () => {
  const { id, verdict } = await aTaskOf({ pool: 'cpu', devices: 0, cores: 0, memoryBytes: 1, slots: 0 });
  return { id, granted: verdict as Granted };
};

/** The turn that ends it. */
const ending = (id: string, { taskKey, attempt, lease }: Granted) =>
  ({
    ...aTurn(id, 'hello'),
    ready: [],
    ended: [
      {
        taskKey,
        attempt,
        leaseId: lease.id,
        fencing: lease.fencing,
        outcome: 'succeeded',
        outputs: { score: 0.5 },
        nodeId: lease.nodeId,
        startedAtMs: Date.now() - 1_000,
        endedAtMs: Date.now(),
        usage: { peakMemoryBytes: 1_000, cpuSeconds: 0.5 },
        processEnded: true,
      },
    ],
  }) satisfies AdvanceRequest;

describe('a task of a run', () => {
  test('is shown with its node, forecast, wait and outputs', async () => {
    const { id, granted } = await aRunningTask();
    const running = runDetail.parse((await api.send('GET', `/v1/runs/${id}`)).body);
    expect(running.tasks).toMatchObject([
      { key: 'hello', state: 'running', attempt: 1, node: 'cpu-1', queue: 'cpu@cpu-1', wait: null },
      { key: 'bye', state: 'pending', attempt: 0, node: null, forecast: null },
    ]);
    await api.ledger.advance(ending(id, granted));
    const after = runDetail.parse((await api.send('GET', `/v1/runs/${id}`)).body);
    expect(after.tasks[0]).toMatchObject({
      state: 'succeeded',
      outputs: { score: 0.5 },
      usage: { cpuSeconds: 0.5 },
    });
  });

  test('that waits tells why, its place, and when it should start', async () => {
    const slot = { devices: 0, cores: 0, memoryBytes: 0, slots: 1 };
    await api.ledger.registerNode(aNode({ nodeId: 'io-1', pool: 'io', capacity: slot }));
    await aTaskOf({ pool: 'io', ...slot });
    const { id } = await aTaskOf({ pool: 'io', ...slot });
    const [task] = runDetail.parse((await api.send('GET', `/v1/runs/${id}`)).body).tasks;
    expect(task).toMatchObject({
      state: 'waiting',
      wait: { position: 1, blockers: [{ code: 'no-capacity' }] },
    });
    const { explanations } = explanationList.parse((await api.send('GET', `/v1/runs/${id}/explain`)).body);
    expect(explanations).toMatchObject([
      { task: 'hello', state: 'waiting', now: expect.stringMatching(/./) },
    ]);
    expect(explanations[0]?.past).not.toEqual([]);
  });

  test('is explained by itself where asked; one that is not there is not found', async () => {
    const { id } = await aRunningTask();
    const one = explanationList.parse((await api.send('GET', `/v1/runs/${id}/explain?task=hello`)).body);
    expect(one.explanations.map(({ task }) => task)).toEqual(['hello']);
    expect((await api.send('GET', `/v1/runs/${id}/explain?task=nobody`)).status).toBe(404);
  });
});

describe('logs', () => {
  const logOf = (id: string, query = '') => `/v1/runs/${id}/tasks/hello/logs${query}`;

  test('are read piece by piece while the task writes, until it has ended', async () => {
    const { id, granted } = await aRunningTask();
    expect((await api.send('GET', logOf(id))).body).toBe('');

    writeFileOf(api, `runs/${id}/hello/1/stdout.log`, 'one\n');
    const first = await api.send('GET', logOf(id));
    expect([first.body, first.headers.get('signalbox-next-offset')]).toEqual(['one\n', '4']);
    expect(first.headers.get('signalbox-complete')).toBe('false');

    writeFileOf(api, `runs/${id}/hello/1/stdout.log`, 'one\ntwo\n');
    await api.ledger.advance(ending(id, granted));
    const rest = await api.send('GET', logOf(id, '?offset=4'));
    expect([rest.body, rest.headers.get('signalbox-complete')]).toEqual(['two\n', 'true']);
  });

  test('of one item of a fan-out are read where its worker writes them', async () => {
    const { id } = await aRunningTask();
    await api.ledger.advance(aTurn(id, 'hello[2]'));
    writeFileOf(api, `runs/${id}/hello.2/1/stdout.log`, 'third\n');
    expect((await api.send('GET', `/v1/runs/${id}/tasks/hello[2]/logs`)).body).toBe('third\n');
    expect((await api.send('GET', `/v1/runs/${id}/tasks/hello%5B2%5D/logs`)).body).toBe('third\n');
  });

  test('come as text, never as something a browser would run', async () => {
    const { id } = await aRunningTask();
    writeFileOf(api, `runs/${id}/hello/1/stderr.log`, '<script>alert(1)</script>');
    const { headers, body } = await api.send('GET', logOf(id, '?stream=stderr'));
    expect(body).toContain('<script>');
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test.each([
    ['hello/logs?attempt=2', 404, /1 attempt/],
    ['bye/logs', 404, /has not begun/],
    ['nobody/logs', 404, /has no task nobody; it has hello, bye/],
    ['hello/logs?stream=stdin', 400, /stream/],
    ['hello/logs?offset=-1', 400, /offset/],
    ['..%2F..%2Fhello/logs', 404, /no task/],
  ])('of %s are answered with %s', async (path, status, detail) => {
    const { id } = await aRunningTask();
    const answer = await api.send('GET', `/v1/runs/${id}/tasks/${path}`);
    expect(answer.status).toBe(status);
    expect(answer.body.detail).toMatch(detail);
  });
});
