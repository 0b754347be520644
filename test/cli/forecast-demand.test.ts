import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand } from '../../src/api/schemas.js';
import { taskKey } from '../../src/domain/index.js';
import { type Ledger, openLedger } from '../../src/ledger/index.js';
import { aDocument, aTurn, POLICY_TEXT, sender, startBeside } from '../api/support.js';
import { signalbox } from '../support/command.js';

const HOUR_MS = 3_600_000;
const HOURS = 30;

let nowMs = Date.now() - HOURS * HOUR_MS;
let ledger: Ledger;
let api: Awaited<ReturnType<typeof startBeside>>;
const workspaceFolder = mkdtempSync(join(tmpdir(), 'signalbox-demand-'));

const call = (...args: string[]) =>
  signalbox(['forecast', 'demand', ...args], { env: { SIGNALBOX_API_URL: api.url } });

/** Thirty hours in each of which a task of one core and ten minutes came. */
beforeAll(async () => {
  ledger = await openLedger({ url: 'pglite-memory:', policy: POLICY_TEXT, clock: () => nowMs });
  api = await startBeside({ ledger, workspaceFolder }, {});
  const { body } = await sender(api.url)('POST', '/v1/runs', { body: { document: aDocument() } });
  for (let hour = 0; hour < HOURS; hour += 1) {
    const turn = aTurn(body.id, 'hello');
    const ready = turn.ready.map((task) => ({
      ...task,
      taskKey: taskKey(`hello[${hour}]`),
      estimateSeconds: 600,
    }));
    await ledger.advance({ ...turn, ready });
    nowMs += HOUR_MS;
  }
});
afterAll(async () => {
  await api.stop();
  await ledger.close();
  rmSync(workspaceFolder, { recursive: true, force: true });
});

describe('signalbox forecast demand', () => {
  it('prints what should arrive hour by hour, and says where too little is known', async () => {
    const { code, stdout } = await call('--hours', '3');
    expect(code).toBe(0);
    const [gpu, cpu, io] = stdout.trimEnd().split('\n\n');
    expect(gpu).toMatch(/^gpu: too little history; /);
    expect(cpu?.split('\n')).toEqual([
      'cpu: core time arriving, learned from 30 hours; the day of the week is not known yet',
      expect.stringMatching(/^HOUR +EXPECTED +90% INTERVAL$/),
      expect.stringMatching(/^\S.*–\S.* +\d\S*.*–\S/),
      expect.stringMatching(/ 10m 00s +\S+.*–\S+/),
      expect.stringMatching(/ 10m 00s +\S+.*–\S+/),
    ]);
    expect(io).toMatch(/^io: too little history; /);
  });

  it('prints one pool as JSON, in its unit', async () => {
    const { stdout } = await call('--pool', 'cpu', '--json');
    const { pools } = demand.parse(JSON.parse(stdout));
    expect(pools).toMatchObject([{ pool: 'cpu', unit: 'core-seconds', hoursLearned: HOURS }]);
    const [cpu] = pools;
    expect(cpu?.coming).toHaveLength(6);
    expect(cpu?.coming.at(-1)?.expected).toBeCloseTo(600, 6);
  });

  it.each([
    [['--pool', 'tpu'], /Allowed choices are gpu, cpu, io/],
    [['--hours', '0'], /Give a whole number from 1 to 168/],
    [['--hours', '169'], /Give a whole number from 1 to 168/],
  ])('refuses %j, and says what to give', async (args, mend) => {
    const { code, stderr } = await call(...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(mend)]);
  });
});
