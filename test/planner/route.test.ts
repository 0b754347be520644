import { describe, expect, it } from 'vitest';
import { AT, aLease, aNode, anOption, aPolicy, aTask, cycle, deferralOf } from './builders.js';

const nodes = [aNode('g', { devices: 2 }), aNode('c', { devices: 0, cores: 8 }, { pool: 'cpu' })];
const gpu = anOption({ devices: 2 }, 4);
const cpu = anOption({ pool: 'cpu', cores: 4 }, 1);
/** 400 s on cpu, 100 s on gpu; there 2 devices at 3.6 USD an hour cost 0.20 USD, 4 cores at 0.36 USD 0.16 USD. */
const either = (options: readonly [typeof gpu, typeof gpu], over = {}) =>
  aTask('t', 1, {}, { options, seconds: 400, ...over });
const busyGpu = (seconds: number) => [aLease('x', 'g', { devices: 2 }, seconds)];
const wentTo = (content: Parameters<typeof cycle>[0], prefer: string) =>
  cycle({ nodes, ...content }, aPolicy({ route: { prefer } })).grants.map(({ pool }) => pool);

describe('Route', () => {
  it('as listed: takes the first place that has room', () => {
    expect(wentTo({ waiting: [either([cpu, gpu])] }, 'listed')).toEqual(['cpu']);
    expect(wentTo({ waiting: [either([gpu, cpu])] }, 'listed')).toEqual(['gpu']);
    expect(wentTo({ waiting: [either([gpu, cpu])], leases: busyGpu(10) }, 'listed')).toEqual(['cpu']);
  });

  it('fastest: waits for the faster pool while that ends the task sooner', () => {
    const waiting = [either([cpu, gpu])];
    expect(wentTo({ waiting }, 'fastest')).toEqual(['gpu']);
    expect(wentTo({ waiting, leases: busyGpu(299) }, 'fastest')).toEqual([]);
    expect(wentTo({ waiting, leases: busyGpu(301) }, 'fastest')).toEqual(['cpu']);
  });

  it('says that a better place is worth the wait', () => {
    const waiting = [either([cpu, gpu])];
    const fastest = aPolicy({ route: { prefer: 'fastest' } });
    expect(deferralOf('t', { nodes, waiting, leases: busyGpu(299) }, fastest)).toMatchObject({
      blockers: [
        { code: 'no-capacity' },
        { code: 'better-elsewhere', detail: 'cpu has room now, but waiting for gpu ends it sooner' },
      ],
      etaP50Ms: AT + 299_000,
    });
  });

  it('cheapest: waits for the cheaper pool while that meets the deadline', () => {
    const busyCpu = (seconds: number) => [aLease('y', 'c', { cores: 8 }, seconds, { pool: 'cpu' })];
    const by = (seconds: number) => [either([gpu, cpu], { deadlineAtMs: AT + seconds * 1_000 })];
    expect(wentTo({ waiting: by(900) }, 'cheapest')).toEqual(['cpu']);
    expect(wentTo({ waiting: by(900), leases: busyCpu(500) }, 'cheapest')).toEqual([]);
    expect(wentTo({ waiting: by(899), leases: busyCpu(500) }, 'cheapest')).toEqual(['gpu']);
    expect(wentTo({ waiting: by(399) }, 'cheapest')).toEqual(['gpu']);
  });

  it('holds as much and runs as fast as the place that it takes says', () => {
    const [grant] = cycle({ nodes, waiting: [either([cpu, gpu])] }, aPolicy()).grants;
    expect(grant?.option).toEqual(cpu);
  });

  it('passes over a place that no live node could give', () => {
    const huge = anOption({ devices: 16 }, 8);
    for (const prefer of ['listed', 'fastest', 'cheapest'])
      expect(wentTo({ waiting: [either([huge, cpu])] }, prefer)).toEqual(['cpu']);
  });
});
