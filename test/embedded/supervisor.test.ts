import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { livingOwner, recordProcess } from '../../src/embedded/lock-file.js';
import { processIdentity, spawnGuarded } from '../../src/embedded/processes.js';
import { removeOrphan, supervise } from '../../src/embedded/supervisor.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-supervisor-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sleeper = () => spawnGuarded('sleep', ['600']);

test('a child that dies is started again, its end is told, and stopping ends it for good', async () => {
  const told: string[] = [];
  const pidFile = join(folder, 'kept.json');
  const kept = await supervise({
    name: 'kept',
    pidFile,
    start: sleeper,
    died: (why) => told.push(why),
  });
  const first = livingOwner(pidFile);
  process.kill(first as number, 'SIGKILL');
  await expect.poll(() => livingOwner(pidFile) ?? first, { timeout: 10_000 }).not.toBe(first);
  expect(told).toEqual(['kept ended (SIGKILL); it starts again in 0.5 s']);
  const second = livingOwner(pidFile) as number;
  await kept.stop(1_000);
  expect(processIdentity(second)).toBeNull();
  expect(livingOwner(pidFile)).toBeNull();
});

test('a child that cannot be started again is tried until it can', async () => {
  let starts = 0;
  const pidFile = join(folder, 'stubborn.json');
  const kept = await supervise({
    name: 'stubborn',
    pidFile,
    start: () => (++starts === 2 ? Promise.reject(new Error('not now')) : sleeper()),
    died: () => undefined,
  });
  process.kill(livingOwner(pidFile) as number, 'SIGKILL');
  await expect.poll(() => starts >= 3 && livingOwner(pidFile) !== null, { timeout: 10_000 }).toBe(true);
  await kept.stop(1_000);
});

test('an orphan of an earlier start is removed, a stranger that now has its pid is not', async () => {
  const pidFile = join(folder, 'orphan.json');
  const orphan = await sleeper();
  recordProcess(pidFile, orphan.pid);
  await removeOrphan(pidFile);
  expect(await orphan.exited).toEqual({ code: null, signal: 'SIGKILL' });

  const stranger = await sleeper();
  writeFileSync(pidFile, JSON.stringify({ pid: stranger.pid, identity: 'an earlier process' }));
  await removeOrphan(pidFile);
  expect(processIdentity(stranger.pid)).not.toBeNull();
  await stranger.stop(1_000);
});
