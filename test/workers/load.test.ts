import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nodeLoad } from '../../src/domain/index.js';
import { LoadMeter } from '../../workers/agent/load.js';

const root = mkdtempSync(join(tmpdir(), 'signalbox-load-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A stand-in for nvidia-smi. */
const smi = (name: string, script: string): string => {
  const file = join(root, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
};
const meterOf = (program: string, devices = 2) =>
  new LoadMeter({ program, devices, folder: root, timeoutMs: 5_000 });
const wait = { timeout: 10_000 };

describe('A node', () => {
  it('tells how busy its machine is', async () => {
    const load = nodeLoad.parse(await meterOf('none', 0).look());
    expect(load.memoryUsedBytes).toBeLessThan(load.memoryBytes);
    expect(load.devices).toEqual([]);
  });

  it('tells how busy, full and hot its GPUs are, without waiting for nvidia-smi', async () => {
    const lines = '0, 93, 40960, 81920, 71, 0\\n1, 0, 4, 81920, 33, [N/A]\\n';
    const meter = meterOf(smi('two', `printf "${lines}"`));
    expect((await meter.look()).devices).toEqual([]);
    await expect
      .poll(async () => (await meter.look()).devices, wait)
      .toEqual([
        {
          index: 0,
          busyShare: 0.93,
          memoryUsedBytes: 40 * 2 ** 30,
          memoryBytes: 80 * 2 ** 30,
          celsius: 71,
          memoryErrors: 0,
        },
        {
          index: 1,
          busyShare: 0,
          memoryUsedBytes: 4 * 2 ** 20,
          memoryBytes: 80 * 2 ** 30,
          celsius: 33,
          memoryErrors: null,
        },
      ]);
  });

  const broken = [
    {
      title: 'has uncorrected errors, and another is not there',
      script: 'echo "1, 0, 4, 81920, 33, 2"',
      problems: ['nvidia-smi lists 1 of 2 devices', 'device 1 has had 2 uncorrected memory errors'],
    },
    {
      title: 'does not report',
      script:
        'printf "0, 5, 4, 81920, 33, 0\\n1, [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost]\\n"',
      problems: ['device 1 does not report'],
    },
    { title: 'is in a driver that fails', script: 'exit 9', problems: ['nvidia-smi does not answer'] },
  ];
  it.each(broken)('says that a GPU $title', async ({ title, script, problems }) => {
    const meter = meterOf(smi(title.replaceAll(/\W/g, '-'), script));
    await expect
      .poll(async () => (await meter.look()).problems, wait)
      .toEqual(expect.arrayContaining(problems));
  });
});
