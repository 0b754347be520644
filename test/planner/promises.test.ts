import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leaseId, NOTHING } from '../../src/domain/index.js';
import { type Policy, plan, type WaitingTask } from '../../src/planner/index.js';
import { AT, aCluster, aLease, aNode, aPolicy, aTask } from './builders.js';

/** Work of which every runtime is known: devices and cores of one node, or bare slots. */
const job = fc.record({
  devices: fc.integer({ min: 0, max: 4 }),
  cores: fc.integer({ min: 0, max: 4 }),
  seconds: fc.integer({ min: 1, max: 60 }),
  arrivesSeconds: fc.nat(60),
});
const nodes = fc
  .array(fc.record({ devices: fc.nat(4), cores: fc.nat(4), slots: fc.nat(2) }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((capacities) => capacities.map((capacity, index) => aNode(`n${index}`, capacity)));
type Job = typeof job extends fc.Arbitrary<infer Value> ? Value : never;

const taskOf = ({ devices, cores, seconds, arrivesSeconds }: Job, index: number): WaitingTask => {
  const bare = devices + cores === 0;
  const arrivedAtMs = AT + arrivesSeconds * 1_000;
  const name = `t${String(index).padStart(3, '0')}`;
  const task = aTask(name, index, bare ? { slots: 1 } : { devices, cores }, { seconds });
  return { ...task, readyAtMs: arrivedAtMs, rank: { ...task.rank, arrivedAtMs } };
};

interface Cycle {
  readonly atMs: number;
  readonly started: readonly string[];
  readonly heads: ReadonlyMap<string, number | null>;
}

/** Runs the tasks in virtual time, a cycle at each arrival and each end, and notes at each what the first that waits is promised. */
const run = (fleet: readonly ReturnType<typeof aNode>[], tasks: readonly WaitingTask[], policy: Policy) => {
  const cluster = aCluster({ nodes: fleet }, policy);
  const ends = new Map<string, number>();
  const waiting = new Map<string, WaitingTask>();
  const coming = tasks.toSorted((a, b) => a.readyAtMs - b.readyAtMs || a.arrival - b.arrival);
  const cycles: Cycle[] = [];
  while (coming.length > 0 || ends.size > 0) {
    const atMs = Math.min(coming[0]?.readyAtMs ?? Number.POSITIVE_INFINITY, ...ends.values());
    for (const [id, endsAtMs] of ends) {
      if (endsAtMs > atMs) continue;
      ends.delete(id);
      cluster.removeLease(id);
    }
    while (coming[0] !== undefined && coming[0].readyAtMs <= atMs) {
      const task = coming.shift() as WaitingTask;
      waiting.set(task.id, task);
      cluster.setTask(task);
    }
    const { grants, deferrals } = plan(cluster, policy, atMs, { asked: new Set(waiting.keys()) });
    for (const { id, nodeId, devices, option } of grants) {
      const { p50Seconds } = (waiting.get(id) as WaitingTask).forecast;
      const lease = { ...NOTHING, ...option.request };
      cluster.setLease(
        aLease(id, nodeId, lease, 0, {
          id: leaseId(id),
          devices,
          grantedAtMs: atMs,
          p50Seconds,
          p90Seconds: p50Seconds,
        }),
      );
      ends.set(id, atMs + p50Seconds * 1_000);
      waiting.delete(id);
      cluster.removeTask(id);
    }
    const heads = deferrals.filter(({ position }) => position === 1);
    cycles.push({
      atMs,
      started: grants.map(({ id }) => id),
      heads: new Map(heads.map(({ id, etaP50Ms }) => [id, etaP50Ms])),
    });
  }
  return { cycles, waiting };
};

describe('With exact forecasts', () => {
  const fifo = aPolicy({ order: [] });

  it('no reservation is delayed by a backfill: the first that waits starts when it was promised to, or sooner', () => {
    fc.assert(
      fc.property(nodes, fc.array(job, { minLength: 2, maxLength: 25 }), (fleet, jobs) => {
        const { cycles } = run(fleet, jobs.map(taskOf), fifo);
        const promised = new Map<string, number>();
        for (const { atMs, started, heads } of cycles) {
          for (const id of started) expect(atMs).toBeLessThanOrEqual(promised.get(id) ?? atMs);
          for (const [id, etaMs] of heads) {
            if (etaMs === null) continue;
            expect(etaMs).toBeLessThanOrEqual(promised.get(id) ?? etaMs);
            promised.set(id, etaMs);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('every task that some node could hold starts, under whatever order', () => {
    const orders = fc.constantFrom(
      fifo,
      aPolicy(),
      aPolicy({ order: ['class', 'share'] }),
      aPolicy({ order: ['size'], size: { bound: 1.5 } }),
      aPolicy({ order: [], backfill: 'none' }),
      aPolicy({ order: [], backfill: 'greedy' }),
    );
    fc.assert(
      fc.property(nodes, fc.array(job, { minLength: 1, maxLength: 25 }), orders, (fleet, jobs, policy) => {
        const tasks = jobs.map(taskOf);
        const { waiting } = run(fleet, tasks, policy);
        for (const { options } of waiting.values()) {
          const { devices, cores, slots } = options[0].request;
          const able = fleet.filter(
            ({ capacity }) =>
              devices <= capacity.devices && cores <= capacity.cores && slots <= capacity.slots,
          );
          const blocked = policy.backfill === 'none' && [...waiting.values()].length > 0;
          expect(blocked ? [] : able).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });
});
