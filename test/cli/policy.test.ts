import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPolicy } from '../../src/planner/index.js';
import { aDocument, aTurn, openTestApi, type TestApi } from '../api/support.js';
import { signalbox } from '../support/command.js';

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await openTestApi();
  folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-'));
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

const shipped = (name: string) => readFileSync(`policies/${name}.yaml`, 'utf8');
const [DEFAULT, FIFO] = ['default', 'fifo'].map((name) => readPolicy(shipped(name)).version);
const policy = (...args: string[]) => signalbox(['policy', ...args], { env: { SIGNALBOX_API_URL: api.url } });
const policyJson = async (...args: string[]) => JSON.parse((await policy(...args, '--json')).stdout);
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test('documents are checked without a server: every mistake with its line and mend', async () => {
  const bad = write(
    'bad.yaml',
    shipped('default').replace('lookAhead: 200', 'lookAhead: 0').replace('easy', 'eesy'),
  );
  const { code, stdout } = await signalbox(['policy', 'validate', bad, 'fair'], {
    env: { SIGNALBOX_API_URL: 'http://127.0.0.1:1' },
  });
  expect(code).toBe(2);
  expect(stdout).toMatch(/bad\.yaml:\d+:\d+ backfill: /);
  expect(stdout).toMatch(/bad\.yaml:\d+:\d+ lookAhead: /);
  expect(stdout).toMatch(/✓ fair: fair@/);
});

test('a change names who and why, takes effect on what waits, and is taken back by one command', async () => {
  const { id } = (await api.send('POST', '/v1/runs', { body: { document: aDocument() } })).body;
  const frozen = write(
    'frozen.yaml',
    `${shipped('default').replace('name: default', 'name: frozen')}\nholds: [{ name: freeze, when: 'true', reason: moving }]\n`,
  );
  const done = await policy('activate', frozen, '--reason', 'we move');
  expect([done.code, done.stdout]).toEqual([0, expect.stringMatching(`^frozen@.* instead of ${DEFAULT}`)]);
  await api.ledger.advance(aTurn(id, 'hello'));
  const run = async () => (await api.send('GET', `/v1/runs/${id}`)).body;
  expect((await run()).tasks[0].wait.blockers[0].detail).toContain('moving');

  const back = await policyJson('rollback', '--reason', 'all have moved', '--by', 'ada');
  expect(back).toMatchObject({
    version: DEFAULT,
    replaced: expect.stringMatching(/^frozen@/),
    changed: true,
  });
  expect((await run()).tasks[0].state).toBe('running');

  const { policies } = await policyJson('list');
  expect(policies).toMatchObject([
    { version: DEFAULT, active: true, by: 'ada', reason: 'all have moved', kind: 'rollback' },
    { name: 'frozen', active: false, by: userInfo().username, reason: 'we move', kind: 'activate' },
  ]);
  expect((await policy('show', 'frozen')).stdout).toBe(readFileSync(frozen, 'utf8'));
});

test('a shipped policy is activated by its name, once, and only instead of what was expected', async () => {
  const difference = await policy('diff', 'fifo');
  expect(difference.stdout).toContain(`${DEFAULT} → ${FIFO}`);
  expect(difference.stdout).toContain('~ order: [class, share, size] → []');
  const late = await policy('activate', 'fifo', '--reason', 'a trial', '--expect', 'other@1');
  expect([late.code, late.stderr]).toEqual([
    1,
    expect.stringContaining(`in force is ${DEFAULT}, not other@1`),
  ]);
  expect(await policyJson('activate', 'fifo', '--reason', 'a trial')).toMatchObject({
    version: FIFO,
    changed: true,
  });
  expect((await policy('activate', 'fifo', '--reason', 'again')).stdout).toContain('in force already');
  expect(await policyJson('diff', DEFAULT as string, 'active')).toMatchObject({ from: DEFAULT, to: FIFO });
});

test('a bad document is refused before it is in force, and nothing is changed without a reason', async () => {
  const before = await policyJson('list');
  const answer = await api.send('POST', '/v1/policies/activate', {
    body: {
      document: { ...JSON.parse('{}'), apiVersion: 'signalbox/v1', kind: 'Policy', name: 'x' },
      reason: 'why not',
    },
  });
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid-document']);
  expect(answer.body.problems.length).toBeGreaterThan(3);
  const silent = await policy('activate', 'fair');
  expect([silent.code, silent.stderr]).toEqual([2, expect.stringContaining('--reason')]);
  const both = await api.send('POST', '/v1/policies/activate', { body: { reason: 'neither' } });
  expect(both.status).toBe(400);
  expect(await policyJson('list')).toEqual(before);
});
