import type { Blocker, Pool } from '../../domain/index.js';
import { type Cluster, poolsOf, type WaitingTask } from '../cluster/index.js';
import type { Started } from './started.js';

/** Whether a pool's breaker, or its slow start, lets nothing more through for now. */
export const isPoolShut = (pool: Pool, cluster: Cluster, { gates }: Started): boolean =>
  isShut(`pool/${pool}`, cluster, gates);

/** Whether a service that the task calls is left alone for now. */
export const callsShut = (task: WaitingTask, cluster: Cluster, { gates }: Started): boolean => {
  for (const endpoint of task.placement.endpoints ?? [])
    if (isShut(`endpoint/${endpoint}`, cluster, gates)) return true;
  return false;
};

/** Every gate that keeps the task from starting. */
export const shutGates = (task: WaitingTask, cluster: Cluster, { gates }: Started): readonly Blocker[] =>
  gatesOf(task).flatMap((scope): readonly Blocker[] => {
    const gate = cluster.gate(scope);
    if (gate === undefined || !isShut(scope, cluster, gates)) return [];
    return [{ code: scope.startsWith('pool/') ? 'pool-failing' : 'endpoint-failing', detail: gate.detail }];
  });

/** When the last gate that keeps the task from starting should let something through again; at once where none does. */
export const openFrom = (task: WaitingTask, cluster: Cluster, { gates }: Started, atMs: number): number =>
  Math.max(
    atMs,
    ...gatesOf(task)
      .filter((scope) => isShut(scope, cluster, gates))
      .map((scope) => cluster.gate(scope)?.untilMs ?? atMs),
  );

/** Notes that a task starts in a pool. */
export const passGates = (task: WaitingTask, pool: Pool, cluster: Cluster, { gates }: Started): void => {
  const passed = [`pool/${pool}`, ...(task.placement.endpoints ?? []).map((name) => `endpoint/${name}`)];
  for (const scope of passed)
    if (cluster.gate(scope) !== undefined) gates.set(scope, (gates.get(scope) ?? 0) + 1);
};

const gatesOf = (task: WaitingTask): readonly string[] => [
  ...poolsOf(task).map((pool) => `pool/${pool}`),
  ...(task.placement.endpoints ?? []).map((name) => `endpoint/${name}`),
];

const isShut = (scope: string, cluster: Cluster, passed: Started['gates']): boolean => {
  const gate = cluster.gate(scope);
  return gate !== undefined && gate.startsLeft <= (passed.get(scope) ?? 0);
};
