import { readFileSync } from 'node:fs';
import {
  type Forecast,
  leaseId,
  type Node,
  nodeId,
  type ResourceRequest,
  type Resources,
  type RunningLease,
  runId,
  taskKey,
} from '../../src/domain/index.js';
import {
  type PoolSnapshot,
  plan,
  readPolicy,
  type Snapshot,
  type WaitingTask,
} from '../../src/planner/index.js';

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
): WaitingTask => ({
  id: `run/${name}#1`,
  runId: runId('run'),
  taskKey: taskKey(name),
  priorityClass: 'normal',
  arrival,
  paused: false,
  request: { pool: 'gpu', ...resources(request) },
  forecast: aForecast(100, 200),
  suspectNodes: [],
  ...over,
});

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
  grantedAtMs: AT - 10_000,
  expectedEndP50Ms: AT + endsInSeconds * 1_000,
  expectedEndP90Ms: AT + endsInSeconds * 2_000,
  ...over,
});

export const aPool = (over: Partial<PoolSnapshot>): PoolSnapshot => ({
  pool: 'gpu',
  nodes: [],
  leases: [],
  waiting: [],
  beyond: [],
  ...over,
});

/** A cycle over one pool, everybody asking. */
export const cycle = (pool: PoolSnapshot, policy = DEFAULT) => {
  const asked = new Set([...pool.waiting, ...pool.beyond.map(({ task }) => task)].map(({ id }) => id));
  const snapshot: Snapshot = { pools: [pool], asked };
  return plan(snapshot, policy, AT);
};

/** Who was granted, and where. */
export const granted = (pool: PoolSnapshot, policy = DEFAULT) =>
  cycle(pool, policy).grants.map(
    ({ id, nodeId: node }) => `${id.replace(/^run\/|#1$/g, '')}@${node ?? 'pool'}`,
  );
