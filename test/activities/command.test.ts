import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openWorkspace } from '../../activities/artifacts/index.js';
import { attemptPrefix, type FileRef, type TaskActivityInput } from '../../src/domain/index.js';
import { startS3 } from './s3-server.js';
import { aBench, anInput, type Bench, perform, processes, sh } from './support.js';

const MIB = 2 ** 20;
const node = (script: string) => [process.execPath, '-e', script];

let bench: Bench;
beforeEach(() => {
  bench = aBench();
});
afterEach(() => bench.dispose());

const folderOf = ({ runId, taskKey, attempt }: TaskActivityInput) =>
  join(bench.root, 'workspace', attemptPrefix(runId, taskKey, attempt));
const logOf = (input: TaskActivityInput, name = 'stdout.log') => readFileSync(join(folderOf(input), name));
const textOf = async (file: unknown) => readFileSync(await bench.workspace.get(file as FileRef), 'utf8');

/** The task's processes that still live. */
const alive = (input: TaskActivityInput) =>
  processes(({ group }) => group === bench.groups.get(input.lease.id));

/** Starts a task, and waits until it has written the file `ready`. */
const begin = async (input: TaskActivityInput) => {
  const environment = new MockActivityEnvironment();
  const ending = perform(bench, input, environment);
  await vi.waitFor(() => expect(existsSync(join(folderOf(input), 'ready'))).toBe(true), { timeout: 10_000 });
  return { ending, cancel: () => environment.cancel('CANCELLED') };
};

describe('what a command gives back', () => {
  it('its outputs, from the file that SIGNALBOX_OUTPUT names', async () => {
    const run = sh(`echo '{"n": 3, "list": [1]}' > "$SIGNALBOX_OUTPUT"`, { outputs: ['n'] });
    expect(await perform(bench, anInput(run))).toMatchObject({
      outcome: 'succeeded',
      outputs: { n: 3, list: [1] },
      exitCode: 0,
      nodeId: 'bench',
      lostSeconds: 0,
    });
  });

  it('a file, by reference', async () => {
    const run = sh(`printf weights > model.bin; echo '{"m": {"$file": "model.bin"}}' > "$SIGNALBOX_OUTPUT"`);
    const { outputs } = await perform(bench, anInput(run));
    expect(outputs.m).toMatchObject({ uri: 'workspace://runs/run-1/task/1/model.bin', bytes: 7 });
    expect(await textOf(outputs.m)).toBe('weights');
  });

  it('large values by reference and small ones inline', async () => {
    const script = `require('fs').writeFileSync(process.env.SIGNALBOX_OUTPUT, JSON.stringify({small: 1, large: 'x'.repeat(9000)}))`;
    const { outputs } = await perform(bench, anInput(sh(node(script))));
    expect(outputs).toMatchObject({ small: 1, large: { bytes: 9002 } });
    expect(JSON.parse(await textOf(outputs.large))).toBe('x'.repeat(9000));
  });

  it('its progress, exit code, peak memory and CPU time', async () => {
    const script = `
      const held = Buffer.alloc(${200 * MIB}, 1);
      require('fs').appendFileSync(process.env.SIGNALBOX_PROGRESS, '0.25\\n0.5\\n');
      while (!require('fs').existsSync('seen')) held[0]++;`;
    const input = anInput(sh(node(script)));
    const ending = perform(bench, input);
    const measured = () => bench.leases.report().running[0];
    await expect.poll(() => measured()?.memoryBytes, { timeout: 20_000 }).toBeGreaterThan(200 * MIB);
    await expect.poll(() => measured()?.cpuSeconds, { timeout: 20_000 }).toBeGreaterThan(0.1);
    writeFileSync(join(folderOf(input), 'seen'), '');
    const result = await ending;
    expect(result.progress).toBe(0.5);
    expect(result.usage.peakMemoryBytes).toBeGreaterThan(200 * MIB);
    expect(result.usage.cpuSeconds).toBeGreaterThan(0.1);
  });

  it('logs of any bytes, with lines of 10 MB', async () => {
    const script = `
      process.stdout.write(Buffer.from([0, 255, 10]));
      process.stdout.write('y'.repeat(10_000_000) + '\\n');`;
    const roomy = aBench({ logLimitBytes: 100 * MIB });
    const input = anInput(sh(node(script)));
    expect(await perform(roomy, input)).toMatchObject({ outcome: 'succeeded' });
    const excerpt = await roomy.workspace.read('runs/run-1/task/1/stdout.log', { limitBytes: 3 });
    expect(excerpt).toEqual({ bytes: Buffer.from([0, 255, 10]), totalBytes: 10_000_004 });
    roomy.dispose();
  });

  it('a log that ends at its limit, while the program writes on unhindered', async () => {
    const small = aBench({ logLimitBytes: 1000 });
    const script = `process.stdout.write('z'.repeat(5_000_000), () => console.error('done'))`;
    expect(await perform(small, anInput(sh(node(script))))).toMatchObject({ outcome: 'succeeded' });
    const excerpt = await small.workspace.read('runs/run-1/task/1/stdout.log');
    const text = Buffer.from(excerpt?.bytes ?? []).toString();
    expect(text).toMatch(
      /^z{1000}\n\[signalbox\] The log ends at 1000 bytes; 4999000 more were dropped\.\n$/,
    );
    small.dispose();
  });
});

describe('what a command is given', () => {
  it('its place in the run, its devices and no secrets', async () => {
    const secretive = aBench({
      env: {
        ...process.env,
        SIGNALBOX_WORKER_TOKEN: 'secret',
        AWS_SECRET_ACCESS_KEY: 'secret',
        WANTED: 'yes',
      },
      passEnv: ['WANTED'],
    });
    const run = sh('env', { env: { MINE: 'declared' } });
    const input = anInput(run, { devices: [1] });
    await perform(secretive, input);
    const excerpt = await secretive.workspace.read('runs/run-1/task/1/stdout.log');
    const env = Buffer.from(excerpt?.bytes ?? []).toString();
    expect(env).not.toContain('secret');
    for (const line of ['MINE=declared', 'WANTED=yes', 'CUDA_VISIBLE_DEVICES=1', 'SIGNALBOX_TASK=task'])
      expect(env).toContain(`${line}\n`);
    secretive.dispose();
  });

  it('an empty CUDA_VISIBLE_DEVICES where it leased none', async () => {
    const input = anInput(sh('echo "<$CUDA_VISIBLE_DEVICES>"'));
    await perform(bench, input);
    expect(String(logOf(input))).toBe('<>\n');
  });

  it('local paths for the workspace URIs in its texts, and its arguments without a shell', async () => {
    const { uri } = await bench.workspace.put('runs/r/a file (1).txt', { bytes: Buffer.from('content') });
    const input = anInput(sh(['cat', uri]));
    await perform(bench, input);
    expect(String(logOf(input))).toBe('content');
  });

  it('a working directory within the project folder', async () => {
    writeFileSync(join(bench.root, 'here.txt'), '');
    const input = anInput(sh(['ls'], { cwd: '.' }));
    await perform(bench, input);
    expect(String(logOf(input))).toContain('here.txt');
  });
});

describe('how a command fails', () => {
  const cases = [
    {
      title: 'a program that exits with 3',
      run: sh('echo broken >&2; exit 3'),
      code: 'exit-3',
      says: 'broken',
    },
    {
      title: 'a program that is not there',
      run: sh(['no-such-program']),
      code: 'exit-127',
      says: 'no-such-program',
    },
    {
      title: 'a program that a signal ends',
      run: sh('kill -SEGV $$'),
      code: 'signal-SIGSEGV',
      says: 'SIGSEGV',
    },
    {
      title: 'a folder that is not there',
      run: sh('true', { cwd: 'nowhere' }),
      code: 'launch-failed',
      says: 'nowhere',
    },
    {
      title: 'a promised output that is missing',
      run: sh('exit 0', { outputs: ['n'] }),
      code: 'output-missing',
      says: 'n',
    },
    {
      title: 'outputs that are no JSON',
      run: sh('echo "{" > $SIGNALBOX_OUTPUT'),
      code: 'output-invalid',
      says: 'JSON',
    },
    {
      title: 'outputs that are no object',
      run: sh('echo "[1]" > $SIGNALBOX_OUTPUT'),
      code: 'output-invalid',
      says: 'object',
    },
    {
      title: 'a published file that is not there',
      run: sh(`echo '{"m": {"$file": "gone"}}' > $SIGNALBOX_OUTPUT`),
      code: 'output-missing',
      says: 'gone',
    },
    {
      title: 'an input that is not there',
      run: sh(['cat', 'workspace://runs/none']),
      code: 'not-found',
      says: 'runs/none',
    },
  ];
  it.each(cases)('$title: $code', async ({ run, code, says }) => {
    const result = await perform(bench, anInput(run));
    expect(result).toMatchObject({
      outcome: 'failed',
      error: { code, message: expect.stringContaining(says) },
    });
    expect(bench.leases.busy).toBe(false);
  });

  it('holding more memory than leased: it is killed, and the error says so', async () => {
    const hog = `const all = []; setInterval(() => all.push(Buffer.alloc(${20 * MIB}, 1)), 20)`;
    const input = anInput(sh(node(hog)), { resources: { memoryBytes: 300 * MIB } });
    const { error, usage } = await perform(bench, input);
    expect(error?.code).toBe('out-of-memory');
    expect(usage.peakMemoryBytes).toBeGreaterThan(300 * MIB);
    expect(await alive(input)).toEqual([]);
  });
});

describe('ending a command', () => {
  it('leaves none of its background processes behind when it exits by itself', async () => {
    const input = anInput(sh('sleep 300 & sleep 300 & echo started'));
    expect(await perform(bench, input)).toMatchObject({ outcome: 'succeeded' });
    expect(await alive(input)).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('finds a process that left the group by its mark', async () => {
    const input = anInput(
      sh(
        'setsid sh -c "echo \\$\\$ > stray; touch ready; exec sleep 300" & until [ -e ready ]; do sleep 0.01; done',
      ),
    );
    expect(await perform(bench, input)).toMatchObject({ outcome: 'succeeded' });
    const stray = Number(readFileSync(join(folderOf(input), 'stray'), 'utf8'));
    expect(await processes(({ pid }) => pid === stray)).toEqual([]);
  });

  it('kills one that ignores SIGTERM when its grace is over', async () => {
    const input = anInput(sh(`trap '' TERM; touch ready; while :; do sleep 0.05; done`), {
      graceSeconds: 0.3,
    });
    const { ending, cancel } = await begin(input);
    cancel();
    expect(await ending).toMatchObject({ outcome: 'cancelled', error: { code: 'cancelled' } });
    expect(await alive(input)).toEqual([]);
  });

  it('leaves the grace to all its processes, though its shell dies at once', async () => {
    const child = `process.on('SIGTERM', () => setTimeout(() => { require('fs').writeFileSync('saved', ''); process.exit(0) }, 300));
      require('fs').writeFileSync('ready', ''); setInterval(() => {}, 1000)`;
    writeFileSync(join(bench.root, 'child.cjs'), child);
    const input = anInput(sh(`"${process.execPath}" "${bench.root}/child.cjs"; echo never`));
    const { ending, cancel } = await begin(input);
    cancel();
    expect(await ending).toMatchObject({ outcome: 'cancelled' });
    expect(existsSync(join(folderOf(input), 'saved'))).toBe(true);
  });

  it('counts as cancelled though it answers SIGTERM with exit code 0', async () => {
    const run = sh(`trap 'exit 0' TERM; touch ready; while :; do sleep 0.05; done`);
    const input = anInput(run, { graceSeconds: 3600 });
    const { ending, cancel } = await begin(input);
    cancel();
    expect(await ending).toMatchObject({ outcome: 'cancelled' });
  });

  it('reports a drained node as preemption', async () => {
    const input = anInput(sh('touch ready; exec sleep 300'));
    const { ending } = await begin(input);
    bench.leases.drain('The node is shutting down.');
    expect(await ending).toMatchObject({ outcome: 'preempted', error: { code: 'worker-draining' } });
  });

  it('kills at once, in the middle of a grace, when the lease is no longer its own', async () => {
    const input = anInput(sh(`trap '' TERM; touch ready; while :; do sleep 0.05; done`), {
      graceSeconds: 3600,
    });
    const { ending, cancel } = await begin(input);
    cancel();
    bench.leases.kill('Its lease is no longer valid.', [input.lease.id]);
    expect(await ending).toMatchObject({ outcome: 'lost', error: { code: 'lease-revoked' } });
    expect(await alive(input)).toEqual([]);
  });
});

describe('checkpoints', () => {
  const trainer = `
    cat "$SIGNALBOX_CHECKPOINT_DIR/epoch" 2>/dev/null || echo none
    echo "resume=$SIGNALBOX_RESUME"
    trap 'echo 7 > "$SIGNALBOX_CHECKPOINT_DIR/epoch"; exit 1' TERM
    touch ready
    while [ -z "$SIGNALBOX_RESUME" ]; do sleep 0.05; done`;

  it('are kept when a task is cancelled and restored for its next attempt, on another node too', async () => {
    const first = anInput(sh(trainer));
    const { ending, cancel } = await begin(first);
    cancel();
    const { checkpoint } = await ending;
    expect(checkpoint).toMatchObject({ uri: 'workspace://runs/run-1/task/1/checkpoint-0.tar' });
    const second = anInput(sh(trainer), { attempt: 2, checkpoint });
    expect(await perform(bench, second)).toMatchObject({ outcome: 'succeeded', checkpoint });
    expect(String(logOf(second))).toBe('7\nresume=1\n');
  });

  it('are kept while the task runs, so that a lost worker costs little', async () => {
    const eager = aBench({ checkpointEverySeconds: 0.01 });
    const environment = new MockActivityEnvironment();
    const beats: unknown[] = [];
    environment.on('heartbeat', (details) => beats.push(details));
    const run = sh('echo 1 > "$SIGNALBOX_CHECKPOINT_DIR/epoch"; exec sleep 300');
    const ending = perform(eager, anInput(run), environment);
    await vi.waitFor(
      () => expect(beats).toContainEqual(expect.objectContaining({ checkpoint: expect.anything() })),
      {
        timeout: 15_000,
      },
    );
    environment.cancel('CANCELLED');
    await ending;
    eager.dispose();
  });

  it('of an earlier attempt stay valid for a later one that leaves none', async () => {
    const checkpoint = { uri: 'workspace://runs/run-1/task/1/none.tar', bytes: 0, sha256: '' };
    const result = await perform(bench, anInput(sh('exit 1'), { attempt: 2, checkpoint }));
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'not-found' }, checkpoint });
  });
});

describe('with an S3-compatible store', () => {
  let s3: Awaited<ReturnType<typeof startS3>>;
  beforeEach(async () => {
    s3 = await startS3();
  });
  afterEach(() => s3.stop());

  const aNode = (name: string) => {
    const options = { env: s3.env, cacheFolder: join(bench.root, name) };
    return aBench({ workspace: openWorkspace('s3://bucket/runs-of-test', options) });
  };

  it('outputs, logs and checkpoints reach another node, and nothing stays behind', async () => {
    const [here, there] = [aNode('here'), aNode('there')];
    const saves = sh(
      `echo logged; echo 4 > $SIGNALBOX_CHECKPOINT_DIR/epoch; echo data > file; echo '{"f": {"$file": "file"}}' > $SIGNALBOX_OUTPUT; exit $CODE`,
    );
    const failing = await perform(here, anInput({ ...saves, env: { CODE: '1' } } as typeof saves));
    const { outputs } = await perform(
      here,
      anInput({ ...saves, env: { CODE: '0' } } as typeof saves, { attempt: 2 }),
    );
    const { uri } = outputs.f as { uri: string };
    const next = sh(`cat ${uri} $SIGNALBOX_CHECKPOINT_DIR/epoch`);
    await perform(there, anInput(next, { attempt: 3, checkpoint: failing.checkpoint }));
    const log = async (attempt: number) =>
      Buffer.from(
        (await there.workspace.read(`runs/run-1/task/${attempt}/stdout.log`))?.bytes ?? [],
      ).toString();
    expect([await log(1), await log(3)]).toEqual(['logged\n', 'data\n4\n']);
    expect(readdirSync(join(bench.root, 'here/attempts/runs/run-1/task'))).toEqual([]);
    here.dispose();
    there.dispose();
  });
});

describe('the lease', () => {
  it('is used once', async () => {
    const input = anInput(sh('true'));
    await perform(bench, input);
    expect(await perform(bench, input)).toMatchObject({ outcome: 'lost', error: { code: 'lease-refused' } });
  });

  it('of another incarnation is refused', async () => {
    const input = anInput(sh('true'));
    const old = { ...input, lease: { ...input.lease, incarnation: 7 } };
    expect(await perform(bench, old)).toMatchObject({ outcome: 'lost', error: { code: 'lease-refused' } });
  });

  it('of an execution that a reset has replaced is refused, though it was never used', async () => {
    const input = anInput(sh('true'));
    const old = { ...input, lease: { ...input.lease, executionId: 'an execution before' } };
    expect(await perform(bench, old)).toMatchObject({ outcome: 'lost', error: { code: 'lease-refused' } });
  });

  it('waits until the devices are truly free', async () => {
    const holder = anInput(sh('touch ready; exec sleep 300'), { devices: [0] });
    const { ending, cancel } = await begin(holder);
    const next = anInput(sh('echo "$CUDA_VISIBLE_DEVICES"'), { devices: [0], attempt: 2 });
    const waiting = perform(bench, next);
    expect(bench.groups.has(next.lease.id)).toBe(false);
    cancel();
    await ending;
    expect(await waiting).toMatchObject({ outcome: 'succeeded' });
  });
});
