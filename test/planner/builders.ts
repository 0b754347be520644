import { readFileSync } from 'node:fs';
import {
  ANYWHERE,
  byArrival,
  type Forecast,
  leaseId,
  type Node,
  nodeId,
  type ResourceRequest,
  type Resources,
  type RunningLease,
  runId,
  sizeOf,
  taskKey,
} from '../../src/domain/index.js';
import { Cluster, plan, readPolicy, type WaitingTask } from '../../src/planner/index.js';

/** The instant of all cycles in these tests. */
export const AT = 1_800_000_000_000;
const policyFile = (name: string) =>
  readFileSync(new URL(`../../policies/${name}.yaml`, import.meta.url), 'utf8');
export const DEFAULT = readPolicy(policyFile('default'));
export const FIFO = readPolicy(policyFile('fifo'));

const resources = (over: Partial<Resources>): Resources => ({
  devices: 0,
  cores: 0,
  memoryBytes: 0,
  slots: 0,
  ...over,
});

export const aForecast = (p50Seconds: number, p90Seconds = p50Seconds): Forecast => ({
  p50Seconds,
  p90Seconds,
  observations: 5,
  model: 'rolling-median',
  version: '1',
});

export const aNode = (
  id: string,
  capacity: Partial<Resources> = { devices: 2 },
  over: Partial<Node> = {},
): Node => ({
  id: nodeId(id),
  pool: 'gpu',
  capacity: resources({ cores: 8, ...capacity }),
  state: 'active',
  incarnation: 1,
  labels: {},
  virtualDevices: false,
  ...over,
});

export const aTask = (
  name: string,
  arrival: number,
  request: Partial<ResourceRequest> = { devices: 1 },
  over: Partial<WaitingTask> = {},
): WaitingTask => {
  const asked: ResourceRequest = { pool: 'gpu', ...resources(request) };
  const forecast = over.forecast ?? aForecast(100, 200);
  return {
    id: `run/${name}#1`,
    runId: runId('run'),
    taskKey: taskKey(name),
    tenant: 'default',
    priorityClass: 'normal',
    arrival,
    readyAtMs: AT,
    options: [{ request: asked, speed: 1 }],
    placement: ANYWHERE,
    forecast,
    doneSeconds: 0,
    rank: byArrival(arrival),
    remainingDeviceSeconds: forecast.p50Seconds * sizeOf(asked),
    pathSeconds: forecast.p50Seconds,
    deadlineAtMs: null,
    holds: [],
    suspectNodes: [],
    preemptions: 0,
    promised: false,
    ...over,
  };
};

/** A lease that is expected to end so many seconds from now. */
export const aLease = (
  name: string,
  node: string | null,
  held: Partial<Resources>,
  endsInSeconds: number,
  over: Partial<RunningLease> = {},
): RunningLease => ({
  id: leaseId(name),
  fencing: 1,
  pool: 'gpu',
  nodeId: node === null ? null : nodeId(node),
  incarnation: 1,
  devices: Array.from({ length: held.devices ?? 0 }, (_, index) => index),
  resources: resources(held),
  taskQueue: 'gpu',
  state: 'held',
  runId: runId('other'),
  taskKey: taskKey(name),
  attempt: 1,
  tenant: 'default',
  priorityClass: 'normal',
  grantedAtMs: AT - 10_000,
  p50Seconds: 10 + endsInSeconds,
  p90Seconds: 10 + 2 * endsInSeconds,
  doneSeconds: 0,
  rank: byArrival(0),
  checkpoints: null,
  preemptions: 0,
  placement: ANYWHERE,
  also: [],
  givesWayTo: null,
  ...over,
});

/** One pool with all that there is in it. */
export interface TestPool {
  readonly nodes: readonly Node[];
  readonly leases: readonly RunningLease[];
  readonly waiting: readonly WaitingTask[];
}

export const aPool = (over: Partial<TestPool>): TestPool => ({ nodes: [], leases: [], waiting: [], ...over });

/** A cycle over one pool, everybody asking. */
export const cycle = (pool: TestPool, policy = DEFAULT) => {
  const cluster = new Cluster(policy);
  for (const node of pool.nodes) cluster.setNode(node);
  for (const lease of pool.leases) cluster.setLease(lease);
  for (const task of pool.waiting) cluster.setTask(task);
  return plan(cluster, policy, AT, { asked: new Set(pool.waiting.map(({ id }) => id)) });
};

/** Who was granted, and where. */
export const granted = (pool: TestPool, policy = DEFAULT) =>
  cycle(pool, policy).grants.map(
    ({ id, nodeId: node }) => `${id.replace(/^run\/|#1$/g, '')}@${node ?? 'pool'}`,
  );
