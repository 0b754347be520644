import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settledList } from '../../src/api/schemas.js';
import type { Granted, ResourceRequest } from '../../src/domain/index.js';
import { aDocument, aTurn, openTestApi, type TestApi } from '../api/support.js';
import { signalbox } from '../support/command.js';

const GIB = 2 ** 30;
const REQUEST: ResourceRequest = { pool: 'cpu', devices: 0, cores: 0, memoryBytes: 4 * GIB, slots: 0 };

let api: TestApi;
let folder: string;

/** A run whose first task took so long and used half a GiB. */
const aSettledTask = async (seconds: number) => {
  const { body } = await api.send('POST', '/v1/runs', { body: { document: aDocument() } });
  const turn = aTurn(body.id, 'hello', REQUEST);
  const { taskKey, attempt, lease } = (await api.ledger.advance(turn)).verdicts[0] as Granted;
  const endedAtMs = Date.now();
  await api.ledger.advance({
    ...turn,
    ready: [],
    ended: [
      {
        taskKey,
        attempt,
        leaseId: lease.id,
        fencing: lease.fencing,
        outcome: 'succeeded',
        outputs: {},
        nodeId: lease.nodeId,
        startedAtMs: endedAtMs - seconds * 1000,
        endedAtMs,
        usage: { peakMemoryBytes: GIB / 2, cpuSeconds: seconds },
        processEnded: true,
      },
    ],
  });
};

const call = (...args: string[]) => signalbox(args, { env: { SIGNALBOX_API_URL: api.url } });

beforeAll(async () => {
  api = await openTestApi();
  folder = mkdtempSync(join(tmpdir(), 'signalbox-show-'));
  for (const seconds of [10, 11, 12, 13, 14, 15]) await aSettledTask(seconds);
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('settled attempts', () => {
  it('come with the forecast that each was placed by, newest first', async () => {
    const { status, body } = await api.send('GET', '/v1/attempts?task=hello&limit=3');
    expect(status).toBe(200);
    const { attempts } = settledList.parse(body);
    expect(attempts.map(({ ranSeconds }) => ranSeconds)).toEqual([15, 14, 13]);
    expect(attempts[0]).toMatchObject({ pipeline: 'greet', task: 'hello', outcome: 'succeeded' });
    expect(attempts[0]?.forecast.observations).toBeGreaterThan(0);
    expect((await api.send('GET', '/v1/attempts?pipeline=other')).body.attempts).toEqual([]);
    expect((await api.send('GET', '/v1/attempts?limit=0')).status).toBe(400);
  });
});

describe('signalbox forecast show', () => {
  it('judges the forecasts of every task', async () => {
    const { code, stdout } = await call('forecast', 'show');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PIPELINE +TASK +RUNS +MEDIAN ERROR .*\ngreet +hello +6 /);
    expect(stdout).toMatch(
      /\nLearned from 6 attempts \(state \S+\); 0 doubtful runtimes and 0 doubtful features were set aside\.\n$/,
    );
    const { tasks, forecaster } = JSON.parse((await call('forecast', 'show', '--json')).stdout);
    expect(tasks).toMatchObject([{ pipeline: 'greet', task: 'hello', scores: { n: 6 } }]);
    expect(forecaster).toMatchObject({ observations: 6 });
  });

  it('plots forecast against actual, in the terminal and as a picture', async () => {
    const svg = join(folder, 'hello.svg');
    const { code, stdout } = await call('forecast', 'show', 'hello', '--svg', svg);
    expect(code).toBe(0);
    expect(stdout).toContain('actual');
    expect(stdout).toMatch(/│.*[o\d]/);
    const picture = readFileSync(svg, 'utf8');
    expect(picture.match(/<circle /g)).toHaveLength(6);
    expect(picture).not.toContain('NaN');
  });

  it('says so where nothing has succeeded yet', async () => {
    const { code, stderr } = await call('forecast', 'show', 'absent');
    expect([code, stderr]).toEqual([0, expect.stringContaining('No attempt has succeeded yet')]);
  });
});

describe('signalbox advise', () => {
  it('names the task that asks for more than it uses, and what to ask', async () => {
    const { stdout } = await call('advise');
    expect(stdout).toBe(
      'greet/hello asks 4 GiB, has never used more than 512 MiB in 6 attempts; ask 640 MiB.\n',
    );
    const { advice } = JSON.parse((await call('advise', '--json')).stdout);
    expect(advice).toMatchObject([{ task: 'hello', what: 'memory', ask: 640 * 2 ** 20 }]);
  });
});
