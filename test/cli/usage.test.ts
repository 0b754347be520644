import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { aDocument, aTurn, openTestApi, POLICY_TEXT, type TestApi } from '../api/support.js';
import { signalbox } from '../support/command.js';

let api: TestApi;
let folder: string;
beforeAll(async () => {
  const bounds = {
    budgets: { default: { usdPerDay: 5 } },
    quotas: { default: { cores: 3 } },
    spending: { usdPerHour: 1 },
    queues: { limits: { cpu: 1 } },
  };
  api = await openTestApi(stringify({ ...parse(POLICY_TEXT), ...bounds }));
  folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-'));
  writeFileSync(join(folder, 'greet.yaml'), aDocument());
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

const call = (...args: string[]) => signalbox(args, { env: { SIGNALBOX_API_URL: api.url } });

describe('usage', () => {
  test('shows tenants beside their budgets and quotas, and how near all are to the breaker', async () => {
    const { id } = JSON.parse((await call('run', join(folder, 'greet.yaml'), '--json')).stdout);
    for (const name of ['a', 'b', 'c', 'd', 'e']) await api.ledger.advance(aTurn(id, name));
    const { code, stdout } = await call('usage');
    expect(code).toBe(0);
    expect(stdout).toMatch(/TENANT +TODAY +RESERVED +MONTH +RESERVED +SHARE +WEIGHT +HOLDS/);
    expect(stdout).toMatch(/default +\$0\.00 of \$5\.00 +\$0\.02 +\$0\.00 +\$0\.02 +100% +1 +3\/3 cores/);
    expect(stdout).toContain('All tenants together: $0.02 of $1.00 in this hour');
    const { tenants } = JSON.parse((await call('usage', '--tenant', 'default', '--json')).stdout);
    expect(tenants[0].day.reservedMicroUsd).toBe(3 * 8_333);
  });

  test('of a tenant of whom nothing is known exits with 1', async () => {
    const { code, stderr } = await call('usage', '--tenant', 'nobody');
    expect([code, stderr]).toEqual([1, expect.stringContaining('Nothing is known of a tenant nobody.')]);
  });
});

test('a run that is refused because the queue is full is told when to try again', async () => {
  const { code, stderr } = await call('run', join(folder, 'greet.yaml'));
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /error: 2 tasks wait in pool cpu, and the policy's limit is 1: try again in about .*; class critical or high is still accepted\./,
  );
});
