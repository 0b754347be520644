import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleGroup } from '../../activities/tasks/process/sample.js';
import { fromPs, inspect, type ProcessInfo } from '../../activities/tasks/process/table.js';

const MIB = 2 ** 20;
let child: ChildProcess;
let startedAtMs: number;
beforeAll(async () => {
  startedAtMs = Date.now();
  const script = `const held = Buffer.alloc(${100 * MIB}, 1); console.log('held'); for (;;) held[0]++`;
  child = spawn(process.execPath, ['-e', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
});
afterAll(() => child.kill('SIGKILL'));

/** Both ways of looking must see the same, on whichever system the tests run. */
const ways: { way: string; look: (pid: number) => Promise<readonly ProcessInfo[]> }[] = [
  { way: "this system's way", look: (pid) => inspect([pid]) },
  { way: 'ps', look: (pid) => fromPs(['-p', String(pid)]) },
  { way: 'the sample of its group', look: sampleGroup },
];

describe.each(ways)('a process seen by $way', ({ look }) => {
  it('shows its group, start, memory and CPU time', async () => {
    const pid = child.pid as number;
    await expect.poll(async () => (await look(pid))[0]?.cpuSeconds, { timeout: 20_000 }).toBeGreaterThan(1);
    const [seen] = await look(pid);
    expect(seen).toMatchObject({ pid, group: pid });
    expect(seen?.memoryBytes).toBeGreaterThan(100 * MIB);
    expect(seen?.peakMemoryBytes).toBeGreaterThan(100 * MIB);
    expect(Math.abs((seen?.startedAtMs ?? 0) - startedAtMs)).toBeLessThan(5000);
  });

  it('is nobody when it is not there', async () => {
    expect(await look(2 ** 22 + 1)).toEqual([]);
  });
});
