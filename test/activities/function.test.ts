import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TaskFailure, type TaskFunctions } from '../../activities/tasks/index.js';
import type { FileRef, JsonValue, TaskRun } from '../../src/domain/index.js';
import { aBench, anInput, type Bench, perform } from './support.js';

const functions: TaskFunctions = {
  double: async ({ n }: { n: number }, { progress, devices }) => {
    progress(0.5);
    return { n: n * 2, devices: [...devices] };
  },
  nothing: async () => undefined,
  list: (async () => [1]) as never,
  refuses: async () => {
    throw new TaskFailure('bad-sample', 'The sample is bad.', { final: true });
  },
  breaks: async () => {
    throw new RangeError('out of range');
  },
  writes: async (_input, { dir }) => {
    writeFileSync(join(dir, 'report.txt'), 'fine');
    return { report: { $file: 'report.txt' } };
  },
  waits: (_input, { signal }) =>
    new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  remembers: async (_input, { checkpointDir, resume, signal }) => {
    const file = join(checkpointDir, 'step');
    if (resume) return { found: existsSync(file) };
    writeFileSync(file, '1');
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    throw signal.reason;
  },
};
const call = (name: string, input: JsonValue = null): TaskRun => ({ kind: 'function', name, input });

let bench: Bench;
beforeEach(() => {
  bench = aBench({ functions });
});
afterEach(() => bench.dispose());

it('a function gets its input and gives its outputs', async () => {
  const result = await perform(bench, anInput(call('double', { n: 21 }), { devices: [1] }));
  expect(result).toMatchObject({ outcome: 'succeeded', outputs: { n: 42, devices: [1] }, progress: 0.5 });
});

it('a function that asks for no folder makes none', async () => {
  expect(await perform(bench, anInput(call('nothing')))).toMatchObject({ outcome: 'succeeded', outputs: {} });
  expect(readdirSync(join(bench.root, 'workspace'))).toEqual(['.incoming']);
});

it('a function publishes a file of its folder', async () => {
  const { outputs } = await perform(bench, anInput(call('writes')));
  expect(outputs.report).toMatchObject({ uri: 'workspace://runs/run-1/task/1/report.txt', bytes: 4 });
});

it('a function reads a file that another task published', async () => {
  const file: FileRef = await bench.workspace.put('runs/r/in.txt', { bytes: Buffer.from('x') });
  const echo = aBench({ workspace: bench.workspace, functions: { echo: async (input) => input } });
  const { outputs } = await perform(echo, anInput(call('echo', { file: { ...file } })));
  expect(outputs.file).toMatchObject({ uri: join(bench.root, 'workspace/runs/r/in.txt'), bytes: 1 });
  echo.dispose();
});

it.each([
  { title: 'a failure of its own', name: 'refuses', error: { code: 'bad-sample', final: true } },
  { title: 'any other error', name: 'breaks', error: { code: 'task-error', message: 'out of range' } },
  { title: 'outputs that are no object', name: 'list', error: { code: 'output-invalid' } },
])('a function fails with $title', async ({ name, error }) => {
  expect(await perform(bench, anInput(call(name)))).toMatchObject({ outcome: 'failed', error });
});

it('an unknown function fails for good and names those that are there', async () => {
  const { error } = await perform(bench, anInput(call('doubel')));
  expect(error).toMatchObject({ code: 'unknown-function', final: true });
  expect(error?.message).toContain('breaks, double, list');
});

it('a function hears that it is cancelled, and its checkpoint is there for the next attempt', async () => {
  const environment = new MockActivityEnvironment();
  const ending = perform(bench, anInput(call('remembers')), environment);
  const step = join(bench.root, 'workspace/runs/run-1/task/1/checkpoint/step');
  await expect.poll(() => existsSync(step)).toBe(true);
  environment.cancel('CANCELLED');
  const { outcome, checkpoint } = await ending;
  expect(outcome).toBe('cancelled');
  const resumed = await perform(bench, anInput(call('remembers'), { attempt: 2, checkpoint }));
  expect(resumed.outputs).toEqual({ found: true });
});

it('a function of a cut-off node is reported as lost', async () => {
  const input = anInput(call('waits'));
  const ending = perform(bench, input);
  await expect.poll(() => bench.leases.busy).toBe(true);
  bench.leases.kill('The node was cut off from the API.');
  expect(await ending).toMatchObject({ outcome: 'lost', error: { code: 'lease-revoked' } });
});
