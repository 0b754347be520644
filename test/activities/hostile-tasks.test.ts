import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attemptPrefix, type TaskActivityInput } from '../../src/domain/index.js';
import { aBench, anInput, type Bench, perform, processes, sh } from './support.js';

const LIMIT = 100_000;
const wait = { timeout: 20_000 };

let bench: Bench;
beforeEach(() => {
  bench = aBench({ logLimitBytes: LIMIT });
});
afterEach(() => bench.dispose());

let count = 0;
/** Each under a run of its own: they work side by side. */
const hostile = (
  command: string | readonly string[],
  more: Partial<TaskActivityInput> = {},
  run: object = {},
) => anInput(sh(command, run), { runId: `hostile-${++count}` as never, ...more });
const folderOf = ({ runId, taskKey, attempt }: TaskActivityInput) =>
  join(bench.root, 'workspace', attemptPrefix(runId, taskKey, attempt));
const alive = (input: TaskActivityInput) =>
  processes(({ group }) => group === bench.groups.get(input.lease.id));
const neighbour = () => perform(bench, hostile(`echo '{"n": 1}' > "$SIGNALBOX_OUTPUT"`));

/** Starts a task, waits until it has written the file `ready`, and can cancel it. */
const begin = async (input: TaskActivityInput) => {
  const environment = new MockActivityEnvironment();
  const ending = perform(bench, input, environment);
  await expect.poll(() => existsSync(join(folderOf(input), 'ready')), wait).toBe(true);
  return { ending, cancel: () => environment.cancel('CANCELLED') };
};

describe('The worker and its other tasks are unharmed by a task that', () => {
  it('writes without end', async () => {
    const input = hostile('touch ready; exec yes');
    const { ending, cancel } = await begin(input);
    expect(await neighbour()).toMatchObject({ outcome: 'succeeded', outputs: { n: 1 } });
    cancel();
    expect(await ending).toMatchObject({ outcome: 'cancelled' });
    const log = readFileSync(join(folderOf(input), 'stdout.log'), 'utf8');
    expect(log.length).toBeLessThan(LIMIT + 200);
    expect(log).toContain(`[signalbox] The log ends at ${LIMIT} bytes`);
  });

  it('fails after 10 MB of bytes without a line end: its error is short, and text', async () => {
    const noise = `process.stderr.write(Buffer.alloc(10_000_000, 255), () => process.stderr.write('\\0\\nlast words\\n', () => process.exit(3)))`;
    const { error } = await perform(bench, hostile([process.execPath, '-e', noise]));
    expect(error).toMatchObject({ code: 'exit-3', message: expect.stringContaining('last words') });
    expect(error?.message.length).toBeLessThan(6_000);
    expect(error?.message).not.toContain('\0');
  });

  it('forks children that ignore SIGTERM, some in sessions of their own', async () => {
    const child = `trap '' TERM; sleep 300`;
    const input = hostile(
      `for n in 1 2 3 4 5; do (${child}) & setsid sh -c "${child}" & done; touch ready; wait`,
      { graceSeconds: 0.2 },
    );
    const { ending, cancel } = await begin(input);
    const mark = `SIGNALBOX_LEASE=${input.lease.id}\0`;
    const marked = async () =>
      (await processes(() => true)).filter(({ pid }) => environmentOf(pid).includes(mark));
    if (process.platform === 'linux') expect((await marked()).length).toBeGreaterThan(10);
    cancel();
    expect(await ending).toMatchObject({ outcome: 'cancelled' });
    expect(await alive(input)).toEqual([]);
    expect(await marked()).toEqual([]);
  });

  it('puts pipes where its worker looks: none waits for a writer', async () => {
    const pipes = () => hostile('mkfifo "$SIGNALBOX_PROGRESS" "$SIGNALBOX_CHECKPOINT_DIR/pipe"; sleep 2.5');
    const results = await Promise.all(
      [pipes(), pipes(), pipes(), pipes(), pipes()].map((input) => perform(bench, input)),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(5).fill('succeeded'));
    expect(await neighbour()).toMatchObject({ outcome: 'succeeded' });
  });

  const endings = [
    {
      title: 'exits 0 without its promised output',
      command: 'exit 0',
      outputs: ['model'],
      code: 'output-missing',
      says: 'model',
    },
    {
      title: 'exits 0 without the file that its output names',
      command: `echo '{"model": {"$file": "model.bin"}}' > $SIGNALBOX_OUTPUT`,
      outputs: ['model'],
      code: 'output-missing',
      says: 'model.bin',
    },
    {
      title: 'puts a pipe where its outputs belong',
      command: 'mkfifo $SIGNALBOX_OUTPUT',
      outputs: [],
      code: 'output-invalid',
      says: 'no file',
    },
    {
      title: 'nests its outputs 100,000 deep',
      command: `"${process.execPath}" -e 'process.stdout.write(\`{"n":\${"[".repeat(1e5)}\${"]".repeat(1e5)}}\`)' > $SIGNALBOX_OUTPUT`,
      outputs: [],
      code: 'output-invalid',
      says: 'nested',
    },
  ];
  it.each(endings)('$title: $code', async ({ command, outputs, code, says }) => {
    const { outcome, error } = await perform(bench, hostile(command, {}, { outputs }));
    expect(outcome).toBe('failed');
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) });
    expect(await neighbour()).toMatchObject({ outcome: 'succeeded' });
  });
});

const environmentOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
};
