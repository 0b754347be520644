import { describe, expect, it } from 'vitest';
import type { Pause } from '../../src/domain/index.js';
import { plan } from '../../src/planner/index.js';
import { AT, aCluster, aLease, aNode, anOption, aPolicy, aTask, type Content, PLAIN } from './builders.js';

const HOUR = 3_600_000;
const aPause = (over: Partial<Pause> = {}): Pause => ({
  scope: 'pool:gpu',
  cause: 'person',
  by: 'ann',
  reason: 'new driver',
  atMs: AT - HOUR,
  untilMs: null,
  ...over,
});

const decided = (content: Content, pauses: readonly Pause[], policy = PLAIN, atMs = AT) => {
  const cluster = aCluster(content, policy);
  for (const pause of pauses) cluster.setPause(pause);
  const asked = new Set(content.waiting?.map(({ id }) => id));
  const { grants, preemptions, deferrals } = plan(cluster, policy, atMs, { asked });
  return { starts: grants.map(({ id, pool }) => `${id} in ${pool}`), preemptions, deferrals };
};

const gpu = aNode('n');
const cpu = aNode('c', { devices: 0 }, { pool: 'cpu' });
const ofCpu = aTask('sort', 2, { pool: 'cpu', cores: 1 });

describe('A pause', () => {
  it('starts nothing in its pool, says who, since when and why, and leaves the others alone', () => {
    const { starts, deferrals } = decided({ nodes: [gpu, cpu], waiting: [aTask('t', 1), ofCpu] }, [aPause()]);
    expect(starts).toEqual([`${ofCpu.id} in cpu`]);
    expect(deferrals).toMatchObject([
      {
        blockers: [
          {
            code: 'paused',
            detail: 'pool gpu is paused since 2027-01-15 07:00 UTC by ann: new driver',
          },
        ],
        etaP50Ms: null,
        etaP90Ms: null,
      },
    ]);
  });

  it('of everything starts nothing anywhere', () => {
    const content = { nodes: [gpu, cpu], waiting: [aTask('t', 1), ofCpu] };
    const { starts, deferrals } = decided(content, [aPause({ scope: 'all' })]);
    expect(starts).toEqual([]);
    expect(deferrals.map(({ blockers }) => blockers[0]?.detail)).toEqual([
      'everything is paused since 2027-01-15 07:00 UTC by ann: new driver',
      'everything is paused since 2027-01-15 07:00 UTC by ann: new driver',
    ]);
  });

  it('that ends by itself gives its end as the start, and is over then', () => {
    const content = { nodes: [gpu], waiting: [aTask('t', 1)] };
    const pause = aPause({ untilMs: AT + HOUR });
    expect(decided(content, [pause]).deferrals).toMatchObject([{ etaP50Ms: AT + HOUR, etaP90Ms: AT + HOUR }]);
    expect(decided(content, [pause], PLAIN, AT + HOUR).starts).toHaveLength(1);
  });

  it('has nobody give way in its pool', () => {
    const policy = aPolicy({
      preemption: {
        ...{ victims: 'lower-class', protectSeconds: 0, maxPreemptions: 3 },
        ...{ hysteresis: 1.5, resumeSeconds: 10 },
      },
    });
    const content = {
      nodes: [aNode('n', { devices: 1 })],
      leases: [aLease('sweep', 'n', { devices: 1 }, 10_000, { priorityClass: 'batch' })],
      waiting: [aTask('t', 1, { devices: 1 }, { priorityClass: 'critical' })],
    };
    expect(decided(content, [], policy).preemptions).toHaveLength(1);
    expect(decided(content, [aPause()], policy).preemptions).toEqual([]);
  });

  it('sends work that could go elsewhere there', () => {
    const both = aTask(
      't',
      1,
      {},
      {
        options: [anOption({ devices: 1 }, 4), anOption({ pool: 'cpu', cores: 4 })],
      },
    );
    const content = { nodes: [gpu, cpu], waiting: [both] };
    expect(decided(content, []).starts).toEqual([`${both.id} in gpu`]);
    expect(decided(content, [aPause()]).starts).toEqual([`${both.id} in cpu`]);
  });

  it('stands beside another of the same pool: work goes on when the last has ended', () => {
    const cluster = aCluster({ nodes: [gpu], waiting: [aTask('t', 1)] });
    const [pool, all] = [aPause(), aPause({ scope: 'all', by: 'bo' })];
    cluster.setPause(pool);
    cluster.setPause(all);
    cluster.removePause(pool);
    expect(plan(cluster, PLAIN, AT).grants).toEqual([]);
    cluster.removePause(all);
    expect(plan(cluster, PLAIN, AT).grants).toHaveLength(1);
  });
});
