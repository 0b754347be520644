import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { historyPage } from '../../src/api/schemas.js';
import type { Granted, ResourceRequest } from '../../src/domain/index.js';
import { aDocument, aTurn, openTestApi, type TestApi } from '../api/support.js';
import { signalbox } from '../support/command.js';

const REQUEST: ResourceRequest = { pool: 'cpu', devices: 0, cores: 2, memoryBytes: 0, slots: 0 };
const NONE = { peakMemoryBytes: null, cpuSeconds: null };
const SINCE = 'since=2020-01-01T00:00:00Z';

let api: TestApi;

/** A task of a run, from ready to its end, after so many seconds on its node. */
const settle = async (id: string, task: string, seconds: number) => {
  const turn = aTurn(id, task, REQUEST);
  const { taskKey, attempt, lease } = (await api.ledger.advance(turn)).verdicts[0] as Granted;
  const endedAtMs = Date.now();
  const ended = { taskKey, attempt, leaseId: lease.id, fencing: lease.fencing, nodeId: lease.nodeId };
  const timing = { startedAtMs: endedAtMs - seconds * 1000, endedAtMs, usage: NONE, processEnded: true };
  await api.ledger.advance({
    ...turn,
    ready: [],
    ended: [{ ...ended, ...timing, outcome: 'succeeded', outputs: {} }],
  });
};

/** A run of two tasks that has ended. */
const aPastRun = async (): Promise<string> => {
  const { body } = await api.send('POST', '/v1/runs', { body: { document: aDocument() } });
  await settle(body.id, 'hello', 10);
  await settle(body.id, 'bye', 5);
  await api.ledger.closeRun(body.id, { status: 'succeeded' });
  return body.id;
};

const call = (...args: string[]) => signalbox(['simulate', ...args], { env: { SIGNALBOX_API_URL: api.url } });

let ids: string[];
beforeAll(async () => {
  api = await openTestApi();
  ids = [await aPastRun(), await aPastRun(), await aPastRun()];
  await api.send('POST', '/v1/runs', { body: { document: aDocument('unfinished') } });
});
afterAll(() => api.close());

describe('the history of runs', () => {
  it('tells runs that have ended, with the attempts that held hardware and what each task needs', async () => {
    const { status, body } = await api.send('GET', `/v1/history?${SINCE}`);
    expect(status).toBe(200);
    const { runs, next } = historyPage.parse(body);
    expect(next).toBeNull();
    expect(runs.map(({ id }) => id).sort()).toEqual(ids.toSorted());
    expect(runs[0]).toMatchObject({
      pipeline: 'greet',
      tenant: 'default',
      needs: { hello: [], bye: ['hello'] },
    });
    expect(runs[0]?.attempts).toMatchObject([
      { key: 'hello', outcome: 'succeeded', request: REQUEST },
      { key: 'bye', outcome: 'succeeded', request: REQUEST },
    ]);
  });

  it('comes page by page', async () => {
    const first = historyPage.parse((await api.send('GET', `/v1/history?${SINCE}&limit=2`)).body);
    const rest = await api.send('GET', `/v1/history?${SINCE}&limit=2&cursor=${first.next}`);
    const second = historyPage.parse(rest.body);
    expect([...first.runs, ...second.runs].map(({ id }) => id).sort()).toEqual(ids.toSorted());
    expect(second.next).toBeNull();
  });

  it.each(['', '?since=yesterday', `?${SINCE}&limit=0`, `?${SINCE}&cursor=nobody`])(
    'refuses the query "%s"',
    async (query) => {
      expect((await api.send('GET', `/v1/history${query}`)).status).toBe(400);
    },
  );
});

describe('signalbox simulate --last', () => {
  it('simulates what was recorded, and tells beside it how it fared in truth', async () => {
    const { code, stdout, stderr } = await call('--last', '1d', '--policy', 'fifo', '--json');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { policies, recorded } = JSON.parse(stdout);
    expect(policies).toHaveLength(1);
    expect(policies[0]).toMatchObject({ policy: 'fifo', jobs: 3 });
    expect(recorded).toMatchObject({ policy: 'recorded', jobs: 3 });
  });

  it('shows both side by side', async () => {
    const { stdout } = await call('--last', '1d');
    expect(stdout).toMatch(/^ +recorded +default\n/);
  });

  it('fetches nothing for a policy that is wrong', async () => {
    const { code, stderr } = await call('--last', '1d', '--policy', 'nobody', '--api', 'http://127.0.0.1:9');
    expect(stderr).toContain("There is no policy 'nobody'");
    expect(code).toBe(2);
  });

  it.each([
    ['a period that is none', ['--last', 'often'], 2, '12h or 30d'],
    ['a pool of its own', ['--last', '1d', '--devices', '4'], 2, '--devices does not go with --last'],
    ['a time without runs', ['--last', '0.001s'], 1, 'No run of the last'],
  ] as const)('refuses %s', async (_, args, exit, message) => {
    const { code, stderr } = await call(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(exit);
  });
});
