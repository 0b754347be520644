import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SignalboxError } from '../../src/domain/index.js';
import { resolveTemporal } from '../../src/embedded/index.js';
import { recordProcess } from '../../src/embedded/lock-file.js';

const ANSWERS = '#!/bin/sh\necho temporal version 1.5.1';
const KEEPS_SILENT = '#!/bin/sh\nexit 1';
/** A `go` that "builds" by writing a program that answers. */
const GO = `#!/bin/sh
echo "$@" >> "$GOBIN/../go-was-asked"
printf '#!/bin/sh\\necho temporal version 0.0.0-DEV' > "$GOBIN/temporal"
/bin/chmod +x "$GOBIN/temporal"`;

let home: string;
let bin: string;
let cache: string;
const told: string[] = [];

/** A machine with only what a test puts on it, and a network that refuses. */
const machine = () => ({
  env: {
    HOME: home,
    PATH: bin,
    XDG_CACHE_HOME: join(home, 'cache'),
    HTTPS_PROXY: 'http://127.0.0.1:1',
  },
  progress: (line: string) => told.push(line),
});

function program(path: string, text: string): string {
  writeFileSync(path, `${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'signalbox-home-'));
  bin = join(home, 'bin');
  cache = join(home, 'cache', 'signalbox');
  mkdirSync(bin);
  mkdirSync(cache, { recursive: true });
  told.length = 0;
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('a Temporal server is found', () => {
  test('at TEMPORAL_ADDRESS, before anything else is looked at', async () => {
    program(join(bin, 'temporal'), ANSWERS);
    const { env } = machine();
    expect(await resolveTemporal({ env: { ...env, TEMPORAL_ADDRESS: 'temporal.example:7233' } })).toEqual({
      kind: 'address',
      address: 'temporal.example:7233',
    });
  });

  test('on PATH', async () => {
    const path = program(join(bin, 'temporal'), ANSWERS);
    expect(await resolveTemporal(machine())).toEqual({ kind: 'binary', path, from: 'path' });
  });

  test('in the cache, when the one on PATH does not answer', async () => {
    program(join(bin, 'temporal'), KEEPS_SILENT);
    const path = program(join(cache, 'temporal-1.5.1'), ANSWERS);
    expect(await resolveTemporal(machine())).toEqual({ kind: 'binary', path, from: 'cache' });
  });

  test('in the cache, when the one on PATH never ends', async () => {
    program(join(bin, 'temporal'), '#!/bin/sh\nwhile :; do :; done');
    const path = program(join(cache, 'temporal-1.5.1'), ANSWERS);
    const found = await resolveTemporal({ ...machine(), limits: { answerMs: 500 } });
    expect(found).toEqual({ kind: 'binary', path, from: 'cache' });
  });

  test('by a build with Go when the download is refused, and the next time in the cache', async () => {
    program(join(bin, 'go'), GO);
    const path = join(cache, 'temporal-1.5.1');
    expect(await resolveTemporal(machine())).toEqual({ kind: 'binary', path, from: 'go' });
    expect(told.join()).toContain('with Go');
    expect(await resolveTemporal(machine())).toEqual({ kind: 'binary', path, from: 'cache' });
  });

  test('by one build when several processes look at once', async () => {
    program(join(bin, 'go'), GO);
    const found = await Promise.all([resolveTemporal(machine()), inAnotherProcess(), inAnotherProcess()]);
    expect(found).toHaveLength(3);
    expect(readFileSync(join(cache, 'go-was-asked'), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  test('although an earlier process was killed as it built', async () => {
    program(join(bin, 'go'), GO);
    const killed = spawn('/bin/sh', ['-c', 'exec sleep 60'], { stdio: 'ignore' });
    recordProcess(join(cache, 'lock'), killed.pid as number);
    mkdirSync(join(cache, 'making-1234'));
    writeFileSync(join(cache, 'making-1234', 'temporal'), 'half of it');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(await resolveTemporal(machine())).toMatchObject({ from: 'go' });
    expect(readdirSync(cache).sort()).toEqual(['go-was-asked', 'temporal-1.5.1']);
  });
});

describe('when no Temporal server can be had', () => {
  test('one error lists each thing that was tried, why it failed and what to do', async () => {
    const error = await resolveTemporal(machine()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SignalboxError);
    const { code, problems } = error as SignalboxError;
    expect(code).toBe('temporal-unavailable');
    expect(problems.map((problem) => problem.path)).toEqual([
      'TEMPORAL_ADDRESS',
      '`temporal` on PATH',
      'an earlier copy in the cache folder',
      'the official download (temporal.download)',
      '`go install github.com/temporalio/cli/cmd/temporal@v1.5.1`',
    ]);
    expect(problems.every((problem) => problem.message !== '' && problem.mend !== '')).toBe(true);
    expect(problems[3]?.message).toContain('failed to download');
    expect(problems[4]?.message).toBe('Go is not installed');
  });

  test('a build that fails or takes too long leaves nothing behind', async () => {
    for (const text of ['#!/bin/sh\necho no such module >&2; exit 1', '#!/bin/sh\nwhile :; do :; done']) {
      program(join(bin, 'go'), text);
      const attempt = resolveTemporal({ ...machine(), limits: { buildMs: 500 } });
      await expect(attempt).rejects.toThrow(SignalboxError);
      expect(readdirSync(cache)).toEqual([]);
    }
  });

  test('a program that is not the Temporal CLI is not kept', async () => {
    program(join(bin, 'go'), GO.replace('temporal version', 'some other program'));
    await expect(resolveTemporal(machine())).rejects.toThrow(SignalboxError);
    expect(existsSync(join(cache, 'temporal-1.5.1'))).toBe(false);
  });
});

/** The same search by a second process: it must wait for the first, or the first for it. */
async function inAnotherProcess(): Promise<string> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '-e', "import('./src/embedded/index.ts').then((m) => m.resolveTemporal())"],
    { env: { ...machine().env, PATH: bin }, stdio: 'ignore' },
  );
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(`the other process failed with ${code}`);
  return join(cache, 'temporal-1.5.1');
}
