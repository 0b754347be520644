import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClient, type Event } from '../../src/api/client/index.js';
import type { RunningApi } from '../../src/api/index.js';
import { eventPage } from '../../src/api/schemas.js';
import type { EventKind } from '../../src/domain/index.js';
import type { Ledger } from '../../src/ledger/index.js';
import { aDocument, aTurn, openTestApi, startBeside, type TestApi } from '../api/support.js';

let api: TestApi;
let run: string;
beforeAll(async () => {
  api = await openTestApi();
  run = await aRun();
});
afterAll(() => api.close());

/** A run with one task that was granted. */
const aRun = async (): Promise<string> => {
  const { body } = await api.send('POST', '/v1/runs', { body: { document: aDocument() } });
  const request = { pool: 'cpu', devices: 0, cores: 0, memoryBytes: 1, slots: 0 } as const;
  await api.ledger.advance(aTurn(body.id, 'hello', request));
  return body.id;
};
const read = async (query = '') => {
  const { status, body } = await api.send('GET', `/v1/events${query}`);
  expect(status).toBe(200);
  return eventPage.parse(body);
};
const numbers = (events: readonly Event[]) => events.map(({ number }) => number);

describe('The ordered log', () => {
  it('tells what was decided and what happened, each in a sentence, by rising numbers', async () => {
    const { events, next } = await read();
    expect(numbers(events)).toEqual(numbers(events).toSorted((a, b) => a - b));
    expect(next).toBeGreaterThanOrEqual(numbers(events).at(-1) as number);
    const said = events.map(({ kind, sentence }) => [kind, sentence]);
    expect(said).toContainEqual([
      'node-registered',
      'joined pool cpu with 4 cores, 8 GiB of memory, 8 slots',
    ]);
    expect(said).toContainEqual(['run-created', 'was submitted']);
    const granted = events.find(({ kind }) => kind === 'granted');
    expect(granted).toMatchObject({ run, task: 'hello', attempt: 1, node: 'cpu-1' });
    expect(granted?.detail).toHaveProperty('forecast');
    expect(granted?.policyVersion).toMatch(/^default@/);
  });

  it('is read page by page, nothing twice and nothing left out', async () => {
    const all = numbers((await read()).events);
    const paged: number[] = [];
    for (let after = 0; paged.length < all.length; ) {
      const page = await read(`?limit=2&after=${after}`);
      paged.push(...numbers(page.events));
      after = page.next;
    }
    expect(paged).toEqual(all);
    expect((await read(`?after=${all.at(-1)}`)).events).toEqual([]);
  });

  it('gives the newest, or those of one run or one kind', async () => {
    const all = (await read()).events;
    expect(numbers((await read('?last=2')).events)).toEqual(numbers(all).slice(-2));
    expect((await read(`?run=${run}`)).events.every((event) => event.run === run)).toBe(true);
    expect((await read('?kind=granted')).events.map(({ kind }) => kind)).toEqual(['granted']);
  });

  it('refuses a query that cannot be meant', async () => {
    for (const query of ['?after=-1', '?after=1&last=2', '?kind=No', '?colour=red'])
      expect((await api.send('GET', `/v1/events${query}`)).body.code).toBe('invalid-request');
  });
});

it('a kind that does not exist is refused, with the one that was meant', async () => {
  const answer = await fetch(`${api.url}/v1/events?kind=grantd`);
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain('did you mean granted?');
});

describe('A stream of events', () => {
  /** Follows until it is stopped; what came is in the list. */
  const follow = (url: string, query: { after?: number; last?: number; kind?: EventKind }) => {
    const stopping = new AbortController();
    const seen: Event[] = [];
    const lost = vi.fn();
    const ended = (async () => {
      const following = { signal: stopping.signal, onLost: lost };
      for await (const event of createClient({ url }).followEvents(query, following)) seen.push(event);
    })();
    const stop = async () => {
      stopping.abort();
      await ended;
    };
    return { seen, lost, stop };
  };

  it('begins with what there is and goes on as it comes', async () => {
    const { seen, stop } = follow(api.url, { last: 1 });
    await expect.poll(() => seen.length).toBe(1);
    const next = await aRun();
    await expect.poll(() => seen.map(({ kind, run: of }) => `${kind} ${of}`)).toContain(`granted ${next}`);
    await stop();
    const all = numbers((await read(`?after=${(seen[0]?.number ?? 0) - 1}`)).events);
    expect(numbers(seen)).toEqual(all.slice(0, seen.length));
  });

  it('tells only what was asked for', async () => {
    const { seen, stop } = follow(api.url, { after: 0, kind: 'run-created' });
    await expect.poll(() => seen.length).toBeGreaterThan(0);
    const next = await aRun();
    await expect.poll(() => seen.at(-1)?.run).toBe(next);
    await stop();
    expect(new Set(seen.map(({ kind }) => kind))).toEqual(new Set(['run-created']));
  });

  it('goes on after a lost connection without losing an event or telling one twice', async () => {
    let other: RunningApi = await startBeside(api, {});
    const port = Number(new URL(other.url).port);
    const { seen, lost, stop } = follow(other.url, { after: 0 });
    await expect.poll(() => seen.length).toBeGreaterThan(2);
    await other.stop();
    const missed = await aRun();
    other = await startBeside(api, { port });
    const came = () => seen.some((event) => event.run === missed && event.kind === 'granted');
    await expect.poll(came, { timeout: 15_000 }).toBe(true);
    await stop();
    await other.stop();
    expect(lost).toHaveBeenCalled();
    expect(numbers(seen)).toEqual(numbers((await read('?limit=1000')).events).slice(0, seen.length));
  });

  it('takes the number in Last-Event-ID as where to go on', async () => {
    const all = (await read('?limit=1000')).events;
    const after = numbers(all).at(-3) as number;
    const headers = { accept: 'text/event-stream', 'last-event-id': `${after}` };
    const answer = await fetch(`${api.url}/v1/events?after=0`, { headers });
    expect(answer.headers.get('content-type')).toMatch('text/event-stream');
    let text = '';
    for await (const chunk of answer.body ?? []) {
      text += new TextDecoder().decode(chunk);
      if (text.split('\n\n').length > 2) break;
    }
    expect([...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual(numbers(all).slice(-2));
  });

  it('is read from the store no faster than its reader takes it', async () => {
    const big = 'x'.repeat(200_000);
    const listEvents = vi.fn<Ledger['listEvents']>(async ({ after = 0, limit }) => ({
      events: Array.from({ length: limit }, (_, index) => ({
        ...{ number: after + index + 1, atMs: 0, kind: 'act', runId: null, taskKey: null, attempt: null },
        ...{ nodeId: null, policyVersion: 'p', detail: {}, sentence: big },
      })),
      next: after + limit,
    }));
    const other = await startBeside({ ...api, ledger: { ...api.ledger, listEvents } }, {});
    const request = get(`${other.url}/v1/events?after=0`, { headers: { accept: 'text/event-stream' } });
    const response = await new Promise<NodeJS.ReadableStream>((resolve) => request.on('response', resolve));
    response.pause();
    await expect.poll(() => listEvents.mock.calls.length).toBeGreaterThan(0);
    // Whatever the buffers of the connection hold (some MB), it is less than a second page of 20 MB.
    await read();
    expect(listEvents.mock.calls.length).toBeLessThanOrEqual(2);
    request.destroy();
    await other.stop();
  });
});
