import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { countDevices } from '../../workers/agent/capacity.js';
import { findCapacity } from '../../workers/agent/index.js';
import { loadFunctions } from '../../workers/functions.js';
import { poolSettings } from '../../workers/pool-settings.js';

const root = mkdtempSync(join(tmpdir(), 'signalbox-capacity-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const program = (name: string, script: string): string => {
  const file = join(root, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
};

describe('capacity', () => {
  it('is found by looking', async () => {
    const { cores, memoryBytes, slots } = await findCapacity('io', {});
    expect(cores).toBe(availableParallelism());
    expect(memoryBytes).toBeGreaterThan(2 ** 28);
    expect(memoryBytes).toBeLessThanOrEqual(totalmem());
    expect(slots).toBeGreaterThan(0);
  });

  it('is what the operator declares, zero included', async () => {
    const declared = { devices: 3, cores: 0, memoryBytes: 1, slots: 0 };
    expect(await findCapacity('gpu', declared)).toEqual(declared);
  });

  it('has as many devices as nvidia-smi lists', async () => {
    expect(await countDevices({ program: program('two', 'printf "0\\n1\\n"') })).toBe(2);
  });

  it('does not wait for an nvidia-smi that hangs', async () => {
    expect(await countDevices({ program: program('hangs', 'exec sleep 300'), timeoutMs: 100 })).toBe(0);
  });

  it.each([
    { title: 'is missing', file: join(root, 'none') },
    { title: 'fails', file: program('fails', 'echo "Failed to initialize NVML"; exit 9') },
    { title: 'finds nothing', file: program('empty', 'echo "No devices were found"') },
  ])('has no devices where nvidia-smi $title', async ({ file }) => {
    expect(await countDevices({ program: file })).toBe(0);
  });
});

describe('settings', () => {
  const least = { pool: 'gpu', apiUrl: 'http://127.0.0.1:1', workerToken: 't', temporal: {} } as const;
  it('name the node after its host and pool', () => {
    expect(poolSettings.parse(least).node).toMatch(/^[a-z0-9][a-z0-9._-]*-gpu$/);
  });
  it.each([
    { title: 'an unknown pool', more: { pool: 'tpu' } },
    { title: 'a bad URL', more: { apiUrl: 'localhost' } },
    { title: 'a node name with a slash', more: { node: 'a/b' } },
    { title: 'virtual devices without a number', more: { virtualDevices: true } },
    { title: 'an unknown setting', more: { colour: 'red' } },
  ])('refuse $title', ({ more }) => {
    expect(poolSettings.safeParse({ ...least, ...more }).success).toBe(false);
  });
});

describe('functions', () => {
  const module = (name: string, text: string): string => {
    const file = join(root, name);
    writeFileSync(file, text);
    return file;
  };
  const answer = (functions: Awaited<ReturnType<typeof loadFunctions>>, name: string) =>
    (functions[name] as unknown as () => unknown)();

  it('are loaded from TypeScript and JavaScript, by name or as the default', async () => {
    const files = [
      module('named.ts', 'const n: number = 1; export const functions = { one: async () => ({ n }) };'),
      module('plain.mjs', 'export default { two: async () => ({ n: 2 }) };'),
    ];
    const functions = await loadFunctions(files);
    expect([await answer(functions, 'one'), await answer(functions, 'two')]).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it.each([
    { title: 'a file that is not there', file: 'none.ts', text: null, says: 'no such file' },
    { title: 'a file that breaks', file: 'broken.ts', text: 'throw new Error("boom")', says: 'boom' },
    {
      title: 'a file without functions',
      file: 'empty.mjs',
      text: 'export const a = 1',
      says: 'exports no functions',
    },
    { title: 'something that is no function', file: 'odd.mjs', text: 'export default { a: 1 }', says: '"a"' },
  ])('$title: a clear error', async ({ file, text, says }) => {
    const path = text === null ? join(root, file) : module(file, text);
    await expect(loadFunctions([path])).rejects.toMatchObject({
      code: 'invalid-functions',
      message: expect.stringContaining(says),
    });
  });

  it('of the same name in two files are refused', async () => {
    const text = 'export default { twice: async () => ({}) }';
    const files = [module('first.mjs', text), module('second.mjs', text)];
    await expect(loadFunctions(files)).rejects.toThrow('twice');
  });
});
