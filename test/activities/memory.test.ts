import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aBench, anInput, type Bench, perform, sh } from './support.js';

const MIB = 2 ** 20;
const node = (script: string) => [process.execPath, '-e', script];

let bench: Bench;
beforeEach(() => {
  bench = aBench();
});
afterEach(() => bench.dispose());

describe('A task that leases memory', () => {
  it('and heads over it is reported before it is killed', async () => {
    const grows = `const all = []; setInterval(() => all.push(Buffer.alloc(${4 * MIB}, 1)), 200)`;
    const input = anInput(sh(node(grows)), { resources: { memoryBytes: 200 * MIB }, graceSeconds: 2 });
    const ending = perform(bench, input);
    const told = () => bench.leases.report().running[0];
    await expect.poll(() => told()?.memoryFullInSeconds, { timeout: 60_000 }).toBeDefined();
    expect(told()?.memoryFullInSeconds).toBeLessThan(8);
    expect(told()?.memoryBytes).toBeGreaterThan(150 * MIB);
    expect(told()?.memoryBytes).toBeLessThan(200 * MIB);
    bench.leases.leave(input.lease.id, 'it goes on where there is more memory');
    expect(await ending).toMatchObject({ outcome: 'preempted', error: { code: 'preempted' } });
  });

  it('and is killed by somebody else while it holds nearly all of it ran out of memory', async () => {
    const full = `const all = Buffer.alloc(${280 * MIB}, 1); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1500)`;
    const input = anInput(sh(node(full)), { resources: { memoryBytes: 350 * MIB } });
    const { error } = await perform(bench, input);
    expect(error).toMatchObject({ code: 'out-of-memory', message: expect.stringContaining('Killed') });
  });

  it('and is killed while it holds little of it was killed for something else', async () => {
    const input = anInput(sh('sleep 0.3; kill -KILL $$'), { resources: { memoryBytes: 350 * MIB } });
    expect((await perform(bench, input)).error?.code).toBe('signal-SIGKILL');
  });
});
