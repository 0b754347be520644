import {
  type NodeId,
  PRIORITY_CLASSES,
  type ResourceRequest,
  type RunningLease,
  runId,
  taskKey,
} from '../../../src/domain/index.js';
import {
  Cluster,
  type Grant,
  type Policy,
  plan,
  type RecordedChanges,
  type RecordedCycle,
  Recorder,
  type WaitingTask,
} from '../../../src/planner/index.js';
import { AT, aForecast, aLease, aNode, anOption, aTask } from '../builders.js';

/** A recording of a busy quarter of an hour under one policy: work of all kinds comes, waits, runs, gives way and ends. */
export const play = (policy: Policy, cycles: number): readonly (RecordedChanges | RecordedCycle)[] => {
  const random = numbers(cycles);
  const cluster = new Cluster(policy);
  const running = new Map<string, { readonly lease: RunningLease; readonly endsAtMs: number }>();
  let atMs = AT;
  let arrivals = 0;
  const some = <Value>(values: readonly [Value, ...Value[]]): Value =>
    values[Math.floor(random() * values.length)] ?? values[0];

  const arrive = (): void => {
    arrivals += 1;
    const devices = some([1, 1, 1, 2, 2, 4]);
    const p50 = some([20, 60, 60, 300, 1_200]);
    const forecast = { ...aForecast(p50, p50 * some([1, 2, 4])), expectedLossSeconds: some([0, 5]) };
    const arrivedAtMs = atMs - Math.floor(random() * 60_000);
    const needs = some<Partial<ResourceRequest>>([
      { devices, cores: 2 * devices },
      { devices: 1 },
      { devices: 2, memoryBytes: 2 ** 34 },
    ]);
    cluster.setTask(
      aTask(`t${arrivals}`, arrivals, needs, {
        id: `run-${arrivals % 9}/t${arrivals}#1`,
        runId: runId(`run-${arrivals % 9}`),
        taskKey: taskKey(`t${arrivals}`),
        tenant: some(['research', 'ops', 'trial']),
        priorityClass: some(PRIORITY_CLASSES as unknown as ['normal', 'low']),
        readyAtMs: atMs,
        options:
          random() < 0.2 ? [anOption(needs), anOption({ pool: 'cpu', cores: 4 }, 0.5)] : [anOption(needs)],
        placement: random() < 0.2 ? { apart: ['loud'], tags: ['loud'] } : {},
        forecast,
        remainingDeviceSeconds: p50 * devices * some([1, 3]),
        rank: {
          arrivedAtMs,
          boundMs: some([0, 600_000]),
          levelDeviceSeconds: 2_000,
          dueAtMs: some([null, null, atMs + 90_000]),
        },
        holds:
          random() < 0.1 ? [{ code: 'held', detail: 'by a test', fromMs: 0, untilMs: atMs + 60_000 }] : [],
      }),
    );
  };
  const start = ({ id, nodeId, devices, option, pool, overdue }: Grant): void => {
    const task = cluster.task(id) as WaitingTask;
    const seconds = task.forecast.p50Seconds * (0.3 + 1.5 * random());
    const lease = aLease(id, nodeId, option.request, 0, {
      ...{ pool, devices, runId: task.runId, taskKey: task.taskKey, tenant: task.tenant, overdue },
      ...{ priorityClass: task.priorityClass, rank: task.rank, placement: task.placement, grantedAtMs: atMs },
      p50Seconds: task.forecast.p50Seconds / option.speed,
      p90Seconds: task.forecast.p90Seconds / option.speed,
      checkpoints: some([null, { everySeconds: 30, lastAtMs: null }]),
    });
    cluster.removeTask(id);
    cluster.setLease(lease);
    cluster.set('use', task.tenant, cluster.use.after(task.tenant, task.forecast.p50Seconds, atMs));
    running.set(lease.id, { lease, endsAtMs: atMs + seconds * 1_000 });
  };

  for (let index = 1; index <= 6; index += 1)
    cluster.setNode(aNode(`gpu-${index}`, { devices: index > 4 ? 8 : 4, cores: 32 }));
  cluster.setNode(aNode('cpu-1', { devices: 0, cores: 16 }, { pool: 'cpu' }));
  for (let index = 0; index < 40; index += 1) arrive();
  const recorder = new Recorder(cluster);
  const parts: (RecordedChanges | RecordedCycle)[] = [...recorder.snapshot()];
  for (let index = 0; index < cycles; index += 1) {
    atMs += 5_000 + Math.floor(random() * 20_000);
    for (const [id, { endsAtMs }] of running)
      if (endsAtMs <= atMs) {
        running.delete(id);
        cluster.removeLease(id);
      }
    if (index % 17 === 16) cluster.removeNode('gpu-1' as NodeId);
    if (index % 17 === 2) cluster.setNode(aNode('gpu-1', { devices: 4, cores: 32 }));
    cluster.setPatience('gpu', some([600_000, 1_200_000]));
    for (let more = 0; more < 3; more += 1) arrive();
    const asked = [...cluster.ids('task')].slice(0, 6);
    const pools = ['gpu', 'cpu'] as const;
    const decided = plan(cluster, policy, atMs, { pools, asked: new Set(asked) });
    parts.push(recorder.record({ atMs, policyVersion: policy.version, scope: { pools, asked } }, decided));
    recorder.settled();
    decided.grants.forEach(start);
    for (const { leaseId, forId } of decided.preemptions) {
      const { lease } = running.get(leaseId) ?? {};
      if (lease)
        cluster.setLease({
          ...lease,
          state: 'preempting',
          givesWayTo: forId,
          p50Seconds: (atMs - lease.grantedAtMs) / 1_000 + 15,
        });
      running.set(leaseId, { lease: lease as RunningLease, endsAtMs: atMs + 12_000 });
      const task = cluster.task(forId);
      if (task) cluster.setTask({ ...task, promised: true });
    }
  }
  return parts;
};

/** Numbers from 0 to 1, the same each time (Lehmer's generator, modulus 2^31 - 1). */
const numbers = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};
