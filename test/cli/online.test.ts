import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runId } from '../../src/domain/index.js';
import { aDocument, aTurn, openTestApi, startBeside, type TestApi, writeFileOf } from '../api/support.js';
import { signalbox, startCommand } from '../support/command.js';

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await openTestApi();
  folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-'));
  writeFileSync(join(folder, 'greet.yaml'), aDocument());
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A deadline for what a process of its own does, on a busy machine. */
const WITHIN = { timeout: 60_000 };

const file = () => join(folder, 'greet.yaml');
const call = (...args: string[]) => signalbox(args, { env: { SIGNALBOX_API_URL: api.url } });
const callJson = async (...args: string[]) => JSON.parse((await call(...args, '--json')).stdout);

/** A run started by the command, its first task running. */
const aStartedRun = async (): Promise<string> => {
  const { id } = await callJson('run', file());
  await api.ledger.advance(
    aTurn(id, 'hello', { pool: 'cpu', devices: 0, cores: 0, memoryBytes: 1, slots: 0 }),
  );
  return id;
};

describe('run', () => {
  test('starts a run and says what is forecast and how to watch it', async () => {
    const { code, stdout } = await call(
      'run',
      file(),
      '-p',
      'who=you',
      '--deadline',
      '2h',
      '--priority',
      'high',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Started greet-\w{8}\n {2}forecast {4}starts .*, finishes .*\n {2}deadline {4}[\s\S]*\n {2}watch {7}signalbox show greet-/,
    );
  });

  test('in a dry run says the same, and starts nothing', async () => {
    const tried = await call('run', file(), '--deadline', '2h', '--dry-run');
    expect(tried.stdout).toMatch(/nothing was started\n {2}forecast {4}starts .*\n {2}deadline {4}/);
    expect(tried.stdout).not.toContain('Started');
  });

  test('with the same key gives the same run, and says that nothing new began', async () => {
    const first = await callJson('run', file(), '--idempotency-key', 'once');
    const again = await call('run', file(), '--idempotency-key', 'once');
    expect(again.code).toBe(0);
    expect(again.stdout).toContain(`${first.id} was started before with this key`);
    const other = await call('run', file(), '--idempotency-key', 'once', '-p', 'times=2');
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('Idempotency-Key');
  });

  test('of a task that no node could hold exits with 2 and names the largest node', async () => {
    writeFileSync(
      join(folder, 'huge.yaml'),
      aDocument('huge').replace('hello:\n', 'hello:\n    resources: { cpu: 64 }\n'),
    );
    const { code, stderr } = await call('run', join(folder, 'huge.yaml'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/tasks\.hello.*cpu-1/);
  });

  test('followed away from a terminal prints a line per change, and exits as the run ended', async () => {
    const following = startCommand(['run', file(), '--follow'], { SIGNALBOX_API_URL: api.url });
    const id = await vi.waitFor(() => idIn(following.stdout()), WITHIN);
    await api.ledger.advance(
      aTurn(id, 'hello', { pool: 'cpu', devices: 0, cores: 0, memoryBytes: 1, slots: 0 }),
    );
    await vi.waitFor(
      () => expect(following.stdout()).toMatch(/ {2}hello: running on cpu-1, forecast /),
      WITHIN,
    );
    await api.ledger.closeRun(runId(id), {
      status: 'failed',
      error: { code: 'exit-1', message: 'it broke' },
    });
    expect(await following.ended).toBe(1);
    expect(following.stdout()).toMatch(/✗ greet-\w{8} failed after .*: it broke\n/);
  });

  test('interrupted by Ctrl-C leaves the run going and says so', async () => {
    const following = startCommand(['run', file(), '--follow'], { SIGNALBOX_API_URL: api.url });
    const id = await vi.waitFor(() => idIn(following.stdout()), WITHIN);
    await api.ledger.advance(
      aTurn(id, 'hello', { pool: 'cpu', devices: 0, cores: 0, memoryBytes: 1, slots: 0 }),
    );
    await vi.waitFor(() => expect(following.stdout()).toContain('running on cpu-1'), WITHIN);
    following.signal('SIGINT');
    expect(await following.ended).toBe(130);
    expect(following.stderr()).toContain(`${id} goes on. \`signalbox show ${id}\` shows it`);
    expect((await api.ledger.getRun(runId(id)))?.status).toBe('running');
  });
});

const idIn = (text: string): string => {
  const id = /greet-\w{8}/.exec(text)?.[0];
  if (id === undefined) throw new Error('not started yet');
  return id;
};

describe('looking', () => {
  test('each command prints a table for people and one JSON document for scripts', async () => {
    const id = await aStartedRun();
    const runs = await call('runs');
    expect(runs.stdout).toMatch(new RegExp(`^RUN .*STATUS .*\n(.*\n)*${id} +running +normal `));
    expect((await callJson('runs')).runs[0].id).toBe(id);

    const shown = await call('show', id);
    expect(shown.stdout).toMatch(new RegExp(`^${id} {2}running for `));
    expect(shown.stdout).toMatch(/● hello +running +cpu +cpu-1 /);
    expect((await callJson('show', id)).tasks).toHaveLength(2);

    const explained = await call('explain', id, 'hello');
    expect(explained.stdout).toMatch(/^hello: .*cpu-1/);
    expect((await callJson('explain', id)).explanations[0].task).toBe('hello');

    const nodes = await call('nodes');
    expect(nodes.stdout).toMatch(/^NODE .*\ncpu-1 +cpu +active /);
    expect((await callJson('nodes')).nodes[0].id).toBe('cpu-1');
  });

  test('logs print what a task wrote, byte for byte', async () => {
    const id = await aStartedRun();
    writeFileOf(api, `runs/${id}/hello/1/stdout.log`, 'héllo\n');
    writeFileOf(api, `runs/${id}/hello/1/stderr.log`, 'warned\n');
    expect((await call('logs', id, 'hello')).stdout).toBe('héllo\n');
    expect(await callJson('logs', id, 'hello', '--stderr')).toEqual({
      run: id,
      task: 'hello',
      attempt: 1,
      stream: 'stderr',
      text: 'warned\n',
    });
  });

  test('logs are followed until their attempt has ended', async () => {
    const id = await aStartedRun();
    const write = (text: string) => writeFileOf(api, `runs/${id}/hello/1/stdout.log`, text);
    write('one\n');
    const following = startCommand(['logs', id, 'hello', '--follow'], { SIGNALBOX_API_URL: api.url });
    await vi.waitFor(() => expect(following.stdout()).toBe('one\n'), WITHIN);
    write('one\ntwo\n');
    await vi.waitFor(() => expect(following.stdout()).toBe('one\ntwo\n'), WITHIN);
    await api.ledger.closeRun(runId(id), { status: 'cancelled' });
    expect(await following.ended).toBe(0);
    expect(following.stdout()).toBe('one\ntwo\n');
  });

  test('what does not exist exits with 1 and says where to look', async () => {
    const { code, stdout, stderr } = await call('show', 'greet-00000000');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/There is no run greet-00000000\.\n.*`signalbox runs`/);
  });

  test('is never coloured away from a terminal', async () => {
    const { stdout } = await signalbox(['runs'], {
      env: { SIGNALBOX_API_URL: api.url, FORCE_COLOR: '1', CI: '1' },
    });
    expect(stdout).not.toContain('\x1b[');
  });
});

describe('acting', () => {
  test.each([
    ['cancel', true],
    ['pause', true],
    ['resume', false],
  ])('%s is asked of the run, where it changes anything', async (act, changed) => {
    const id = await aStartedRun();
    const acted = await callJson(act, id, '--reason', 'a test');
    expect(acted).toEqual({ changed, sentence: expect.stringContaining(id) });
  });

  test('a task is held and released with who and why, and explain tells of both', async () => {
    const id = await aStartedRun();
    const held = await call('hold', id, 'bye', '--by', 'ann', '--reason', 'look first');
    expect([held.code, held.stdout]).toEqual([0, 'bye is held until somebody releases it.\n']);
    await call('release', id, 'bye');
    const { stdout } = await call('explain', id);
    expect(stdout).toMatch(/^People\n.* ann held bye: look first\n.* released bye: no reason given$/m);
    const unknown = await call('hold', id, 'by');
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('did you mean bye?')]);
  });

  test('a pool is paused for a while, is listed so, and goes on; what it names must be clear', async () => {
    const { stdout } = await call('pause', '--pool', 'gpu', '--for', '2h', '--by', 'ann');
    expect(stdout).toMatch(/^Pool gpu is paused until .* UTC: what runs goes on, nothing new starts.$/m);
    expect((await call('pools')).stdout).toMatch(/^gpu +paused .*ann.* until .*: no reason given/m);
    expect((await call('resume', '--pool', 'gpu')).stdout).toBe('Pool gpu goes on.\n');
    for (const args of [['pause'], ['pause', 'a-run', '--all'], ['pause', 'a-run', '--for', '2h']])
      expect((await call(...args)).code).toBe(2);
  });

  test('a node is drained and works again; a deadline is set and taken away; a pin is refused', async () => {
    const id = await aStartedRun();
    await call('drain', 'cpu-1', '--by', 'ann');
    expect((await call('nodes')).stdout).toContain('draining by ann');
    expect((await call('undrain', 'cpu-1')).stdout).toBe('cpu-1 takes new work again.\n');
    expect((await call('deadline', id, '2h')).stdout).toContain(`${id} has the deadline `);
    expect((await call('deadline', id, 'none')).stdout).toBe(`${id} has no deadline now.\n`);
    const pinned = await call('pin', id, 'bye', 'cpu-9');
    expect([pinned.code, pinned.stderr]).toEqual([1, expect.stringContaining('no node cpu-9')]);
  });

  test('priority is asked of the run', async () => {
    const id = await aStartedRun();
    const { code, stdout } = await call('priority', id, 'critical');
    expect([code, stdout]).toEqual([0, `Asked ${id} to take priority critical.\n`]);
  });
});

test('an API that asks for a token gets it from the environment, and says what is missing', async () => {
  const guarded = await startBeside(api, { apiToken: 'a-token-of-16-letters' });
  const env = { SIGNALBOX_API_URL: guarded.url };
  const refused = await signalbox(['runs'], { env });
  const served = await signalbox(['runs'], { env: { ...env, SIGNALBOX_API_TOKEN: 'a-token-of-16-letters' } });
  await guarded.stop();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('SIGNALBOX_API_TOKEN');
  expect(served.code).toBe(0);
});
