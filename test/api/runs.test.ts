import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acted, dryRun, explanationList, problem, run, runDetail, runPage } from '../../src/api/schemas.js';
import type { OutboxItem } from '../../src/ledger/index.js';
import { claimAll } from '../ledger/builders.js';
import { aDocument, openTestApi, type TestApi } from './support.js';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const start = (body: object = {}, headers = {}) =>
  api.send('POST', '/v1/runs', { body: { document: aDocument(), ...body }, headers });

const runsOf = async (pipeline: string) =>
  runPage.parse((await api.send('GET', `/v1/runs?pipeline=${pipeline}`)).body).runs;

/** What was ordered of Temporal for a run since it was last asked. */
const ordersFor = async (id: string): Promise<OutboxItem[]> =>
  (await claimAll(api.ledger)).filter((item) =>
    item.kind === 'start-run' ? item.spec.runId === id : item.workflowId === id,
  );

describe('starting a run', () => {
  test('answers 201 with the run, where it is, and what is forecast', async () => {
    const answer = await start({
      params: { who: 'you' },
      priority: 'high',
      deadline: '2h',
      tenant: 'lab',
    });
    expect(answer.status).toBe(201);
    const created = run.parse(answer.body);
    expect(created).toMatchObject({ pipeline: 'greet', priority: 'high', tenant: 'lab', status: 'running' });
    expect(created.id).toMatch(/^greet-[0-9a-hjkmnp-tv-z]{8}$/);
    expect(Date.parse(created.forecast.finish.p90)).toBeGreaterThanOrEqual(
      Date.parse(created.forecast.finish.p50),
    );
    expect(created.deadlineAt).not.toBeNull();
    expect(answer.headers.get('location')).toBe(`/v1/runs/${created.id}`);
  });

  test('in a dry run answers with the same forecast, and starts nothing', async () => {
    const body = { document: aDocument('tried'), deadline: '1s', tenant: 'lab' };
    const answer = await api.send('POST', '/v1/runs?dryRun=true', { body });
    expect(answer.status).toBe(200);
    const tried = dryRun.parse(answer.body);
    expect(tried).toMatchObject({ pipeline: 'tried', tenant: 'lab', forecast: { deadline: 'infeasible' } });
    expect(tried.forecast.offers.map(({ words }) => words)).toEqual([
      'as it stands',
      'if the deadline moves there',
    ]);
    expect(tried.forecast.offers[0]?.sentence).toMatch(/^by .*\d\d:\d\d UTC as it stands$/);
    expect(await runsOf('tried')).toEqual([]);

    const begun = run.parse((await api.send('POST', '/v1/runs', { body })).body);
    expect(begun.outlook).toMatchObject({ deadline: 'infeasible', raisedTo: null });
    expect(begun.forecast.offers.map(({ change }) => change.kind)).toEqual(['none', 'deadline']);
    const explained = await api.send('GET', `/v1/runs/${begun.id}/explain`);
    expect(explanationList.parse(explained.body).deadline?.outlook.deadline).toBe('infeasible');
  });

  test('refuses a deadline that has passed, and a query that it does not know', async () => {
    const late = await start({ deadline: '2020-01-01T00:00:00Z' });
    expect(problem.parse(late.body)).toMatchObject({
      code: 'invalid-request',
      problems: [{ path: 'deadline', message: 'The deadline 2020-01-01T00:00:00.000Z has passed.' }],
    });
    const mistyped = await api.send('POST', '/v1/runs?dryRun=maybe', { body: { document: aDocument() } });
    expect(problem.parse(mistyped.body).code).toBe('invalid-request');
  });

  test('takes the document as an object as well as a text', async () => {
    const document = {
      apiVersion: 'signalbox/v1',
      name: 'as-object',
      tasks: { one: { run: { command: 'true' } } },
    };
    const answer = await api.send('POST', '/v1/runs', { body: { document } });
    expect(answer.status).toBe(201);
  });

  test('orders its start through the outbox, and nothing else', async () => {
    const { body } = await start();
    expect(await ordersFor(body.id)).toMatchObject([
      { kind: 'start-run', spec: { params: { who: 'world', times: 1 } } },
    ]);
  });

  test('names every mistake of a document with its place and mend, and starts nothing', async () => {
    const document = aDocument('wrong')
      .replace('needs: [hello]', 'needs: [helo]')
      .replace('times: {', 'tims: { colour: 1,');
    const answer = await api.send('POST', '/v1/runs', { body: { document } });
    expect(answer.status).toBe(400);
    const { code, problems } = problem.parse(answer.body);
    expect(code).toBe('invalid-document');
    expect(problems.length).toBeGreaterThanOrEqual(2);
    for (const each of problems)
      expect(each).toMatchObject({
        line: expect.any(Number),
        column: expect.any(Number),
        mend: expect.stringMatching(/./),
      });
    expect(await runsOf('wrong')).toEqual([]);
  });

  test('names every wrong parameter', async () => {
    const answer = await start({ params: { times: 'often', whom: 'x' } });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('invalid-parameter');
    expect(answer.body.problems).toHaveLength(2);
  });

  test('names every wrong field of the request', async () => {
    const answer = await start({ priority: 'urgent', deadline: 'soon', colour: 'red' });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('invalid-request');
    expect(answer.body.problems.map(({ path }: { path: string }) => path).sort()).toEqual([
      'colour',
      'deadline',
      'priority',
    ]);
  });

  test('refuses a task that no node could ever hold, naming the largest node', async () => {
    const document = aDocument('huge').replace('hello:\n', 'hello:\n    resources: { cpu: 64 }\n');
    const answer = await api.send('POST', '/v1/runs', { body: { document } });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('never-fits');
    expect(JSON.stringify(answer.body)).toContain('cpu-1');
    expect(await runsOf('huge')).toEqual([]);
  });
});

describe('an idempotency key', () => {
  test('used again for the same request gives the same run with 200', async () => {
    const headers = { 'idempotency-key': 'nightly-2026-11-21' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => start({ deadline: '2h' }, headers)));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201]);
    expect(await ordersFor(answers[0]?.body.id)).toHaveLength(1);
  });

  test('used again for another request is refused', async () => {
    const headers = { 'idempotency-key': 'k1' };
    await start({}, headers);
    const answer = await start({ params: { who: 'else' } }, headers);
    expect([answer.status, answer.body.code]).toEqual([409, 'idempotency-conflict']);
  });

  test('that no header could sensibly be is refused', async () => {
    const answer = await start({}, { 'idempotency-key': 'x'.repeat(300) });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  });
});

describe('looking at runs', () => {
  test('lists them newest first, page by page, by status and pipeline', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await start({ document: aDocument('five') })).body.id);
    const page = async (query: string) =>
      runPage.parse((await api.send('GET', `/v1/runs?pipeline=five&limit=3${query}`)).body);
    const first = await page('');
    expect(first.runs.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    const second = await page(`&cursor=${first.next}`);
    expect(second).toMatchObject({ runs: ids.slice(3).map((id) => ({ id })), next: null });
    expect((await page('&status=failed')).runs).toEqual([]);
  });

  test.each([
    'limit=0',
    'limit=abc',
    'limit=1000',
    'status=done',
    'colour=red',
    'limit=1&limit=2',
    'cursor=nobody',
  ])('refuses the query %s', async (query) => {
    const answer = await api.send('GET', `/v1/runs?${query}`);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  });

  test('shows a run with a place for each task, also for those that were never ready', async () => {
    const { body } = await start();
    const shown = runDetail.parse((await api.send('GET', `/v1/runs/${body.id}`)).body);
    expect(shown.params).toEqual({ who: 'world', times: 1 });
    expect(shown.tasks.map(({ key, state }) => [key, state])).toEqual([
      ['hello', 'pending'],
      ['bye', 'pending'],
    ]);
  });

  test.each(['', '/explain', '/tasks/hello/logs'])('answers 404 for an unknown run%s', async (rest) => {
    const answer = await api.send('GET', `/v1/runs/greet-00000000${rest}`);
    expect([answer.status, answer.body.code]).toEqual([404, 'not-found']);
  });
});

describe('acting on a run', () => {
  test.each([
    ['cancel', { reason: 'no need' }, { name: 'cancel', payload: { reason: 'no need' } }],
    ['pause', {}, { name: 'pause' }],
    ['priority', { priority: 'critical' }, { name: 'setPriority', payload: { priorityClass: 'critical' } }],
  ])('%s is ordered through the outbox', async (act, body, signal) => {
    const { body: created } = await start();
    const answer = await api.send(
      'POST',
      `/v1/runs/${created.id}/${act}`,
      body === undefined ? {} : { body },
    );
    expect(answer.status).toBe(202);
    expect(acted.parse(answer.body).changed).toBe(true);
    expect(await ordersFor(created.id)).toMatchObject([{ kind: 'start-run' }, { kind: 'signal', ...signal }]);
  });

  test.each([
    ['pause', { by: '' }],
    ['pause', { by: 'x'.repeat(101) }],
    ['pause', { by: 'ann\u001b[31m' }],
    ['pause', { by: 'ann\u202ebob' }],
    ['pause', { by: 'ann\ud800' }],
    ['cancel', { reason: 'two\u2028lines' }],
    ['cancel', { reason: 'two\nlines' }],
    ['cancel', { reason: 'x'.repeat(501) }],
    ['priority', {}],
    ['deadline', {}],
    ['deadline', { deadline: 'soon' }],
    ['deadline', { deadline: '2020-01-01T00:00:00Z' }],
    ['tasks/hello/hold', { until: '2h' }],
    ['tasks/hello/pin', {}],
  ])('%s refuses %j, and nothing is ordered', async (act, body) => {
    const { body: created } = await start();
    const answer = await api.send('POST', `/v1/runs/${created.id}/${act}`, { body });
    expect([answer.status, problem.parse(answer.body).code]).toEqual([400, 'invalid-request']);
    expect(await ordersFor(created.id)).toMatchObject([{ kind: 'start-run' }]);
  });

  test('is refused once the run is over, saying how it ended', async () => {
    const { body } = await start();
    await api.ledger.closeRun(body.id, { status: 'failed', error: { code: 'x', message: 'broke' } });
    const answer = await api.send('POST', `/v1/runs/${body.id}/cancel`, { body: {} });
    expect([answer.status, answer.body.code]).toEqual([409, 'run-over']);
    expect(answer.body.detail).toMatch(/failed/);
    const shown = runDetail.parse((await api.send('GET', `/v1/runs/${body.id}`)).body);
    expect(shown.tasks.map(({ state }) => state)).toEqual(['skipped', 'skipped']);
  });
});
