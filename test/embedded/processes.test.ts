import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { livingOwner, recordProcess, takeLock } from '../../src/embedded/lock-file.js';
import { processIdentity, spawnGuarded } from '../../src/embedded/processes.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-processes-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const alive = (pid: number): boolean => processIdentity(pid) !== null;

describe('a guarded child', () => {
  test('is gone with its own children once it is stopped', async () => {
    const logFile = join(folder, 'grandchild');
    const script = 'trap "" TERM; sleep 600 & echo $!; wait; wait';
    const child = await spawnGuarded('/bin/sh', ['-c', script], { logFile });
    await expect.poll(() => readFileSync(logFile, 'utf8')).toMatch(/\d+\n/);
    await child.stop(200);
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
    const grandchild = Number(readFileSync(logFile, 'utf8'));
    await expect.poll(() => alive(grandchild)).toBe(false);
  });

  test('leaves when its parent is killed with SIGKILL', async () => {
    const parent = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '-e',
        `import('./src/embedded/processes.ts').then(async ({ spawnGuarded }) => {
          const child = await spawnGuarded('sleep', ['600']);
          console.log(child.pid);
        })`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(String(line));
    expect(alive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => alive(pid), { timeout: 15_000 }).toBe(false);
  });

  test('is ended when its parent exits without having stopped it', async () => {
    const script = `import('./src/embedded/processes.ts').then(async ({ spawnGuarded }) => {
      const child = await spawnGuarded('/bin/sh', ['-c', 'trap "" TERM; while :; do sleep 60; done']);
      console.log(child.pid);
      process.exit(1);
    })`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(parent.stdout, 'data');
    await expect.poll(() => alive(Number(String(line)))).toBe(false);
  });

  test('that cannot be started is an error that names it', async () => {
    await expect(spawnGuarded('/no/such/program', [])).rejects.toThrow('/no/such/program');
  });
});

describe('a lock file', () => {
  test('keeps a second taker out and names the pid that holds it', () => {
    const path = join(folder, 'held');
    const first = takeLock(path);
    expect(takeLock(path)).toEqual({ taken: false, pid: process.pid });
    if (first.taken) first.release();
    expect(takeLock(path).taken).toBe(true);
  });

  test('is free once its owner has died, also when another process has got the same pid', async () => {
    const path = join(folder, 'stale');
    writeFileSync(path, JSON.stringify({ pid: process.pid, identity: 'an earlier process' }));
    expect(livingOwner(path)).toBeNull();
    expect(takeLock(path).taken).toBe(true);
  });

  test('tells of a recorded process only while it lives', async () => {
    const path = join(folder, 'recorded');
    const child = await spawnGuarded('sleep', ['600']);
    recordProcess(path, child.pid);
    expect(livingOwner(path)).toBe(child.pid);
    await child.stop(1_000);
    expect(livingOwner(path)).toBeNull();
  });
});
