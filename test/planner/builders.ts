import { stringify } from 'yaml';
import {
  ANYWHERE,
  byArrival,
  type Forecast,
  leaseId,
  NOTHING,
  type Node,
  nodeId,
  type Option,
  type Placement,
  type ResourceRequest,
  type Resources,
  type RunningLease,
  runId,
  taskKey,
} from '../../src/domain/index.js';
import { Cluster, type Policy, plan, readPolicy, type WaitingTask } from '../../src/planner/index.js';

/** The instant of all cycles in these tests. */
export const AT = 1_800_000_000_000;

/** A policy of little more than what a document must say: classes, then arrival; nothing gives way. */
export const aPolicy = (over: Record<string, unknown> = {}): Policy =>
  readPolicy(
    stringify({
      apiVersion: 'signalbox/v1',
      kind: 'Policy',
      name: 'trial',
      order: ['class'],
      lookAhead: 200,
      pools: {
        gpu: { prior: { p50Seconds: 300, p90Seconds: 3_600 }, usdPerDeviceHour: 3.6 },
        cpu: { prior: { p50Seconds: 30, p90Seconds: 600 }, usdPerCoreHour: 0.36 },
        io: { prior: { p50Seconds: 5, p90Seconds: 120 } },
      },
      graceSeconds: 10,
      heartbeatSeconds: 2,
      selfFenceSeconds: 15,
      ...over,
    }),
  );
export const PLAIN = aPolicy();

export const aForecast = (p50Seconds: number, p90Seconds = p50Seconds): Forecast => ({
  p50Seconds,
  p90Seconds,
  observations: 5,
  model: 'rolling-median',
  version: '1',
});

const GIB = 1024 ** 3;
/** A gpu node with 2 devices, 8 cores and 64 GiB. */
export const aNode = (id: string, capacity: Partial<Resources> = {}, over: Partial<Node> = {}): Node => ({
  id: nodeId(id),
  pool: 'gpu',
  capacity: { ...NOTHING, devices: 2, cores: 8, memoryBytes: 64 * GIB, ...capacity },
  state: 'active',
  incarnation: 1,
  labels: {},
  virtualDevices: false,
  ...over,
});

export const anOption = (request: Partial<ResourceRequest>, speed = 1): Option => ({
  request: { pool: 'gpu', ...NOTHING, ...request },
  speed,
});

/** A task that runs 100 s, at its P90 200 s; the lower `arrival`, the sooner it came, a second apart. */
export const aTask = (
  name: string,
  arrival: number,
  request: Partial<ResourceRequest> = { devices: 1 },
  {
    placement,
    seconds,
    ...over
  }: Partial<Omit<WaitingTask, 'placement'>> & {
    readonly placement?: Partial<Placement>;
    /** How long it runs, for certain. */
    readonly seconds?: number;
  } = {},
): WaitingTask => {
  const arrivedAtMs = AT - 1_000_000 + arrival * 1_000;
  const forecast = over.forecast ?? (seconds === undefined ? aForecast(100, 200) : aForecast(seconds));
  return {
    id: `run-${name}/${name}#1`,
    runId: runId(`run-${name}`),
    taskKey: taskKey(name),
    tenant: 'research',
    priorityClass: 'normal',
    arrival,
    readyAtMs: arrivedAtMs,
    options: [anOption(request)],
    placement: { ...ANYWHERE, ...placement },
    forecast,
    doneSeconds: 0,
    rank: byArrival(arrivedAtMs),
    remainingDeviceSeconds: forecast.p50Seconds * (request.devices || request.cores || request.slots || 1),
    pathSeconds: forecast.p50Seconds,
    deadlineAtMs: null,
    holds: [],
    suspectNodes: [],
    preemptions: 0,
    promised: false,
    ...over,
  };
};

/** A lease that began 10 s ago and is expected to end so many seconds from now, for certain; on the node's first devices. */
export const aLease = (
  name: string,
  node: string | null,
  held: Partial<Resources>,
  endsInSeconds: number,
  {
    ranSeconds = 10,
    placement,
    ...over
  }: Partial<Omit<RunningLease, 'placement'>> & {
    readonly placement?: Partial<Placement>;
    readonly ranSeconds?: number;
  } = {},
): RunningLease => ({
  id: leaseId(`lease-${name}`),
  fencing: 1,
  pool: 'gpu',
  nodeId: node === null ? null : nodeId(node),
  incarnation: 1,
  devices: Array.from({ length: held.devices ?? 0 }, (_, index) => index),
  resources: { ...NOTHING, ...held },
  taskQueue: 'gpu',
  state: 'held',
  runId: runId(`run-${name}`),
  taskKey: taskKey(name),
  attempt: 1,
  tenant: 'research',
  priorityClass: 'normal',
  grantedAtMs: AT - ranSeconds * 1_000,
  p50Seconds: ranSeconds + endsInSeconds,
  p90Seconds: ranSeconds + endsInSeconds,
  doneSeconds: 0,
  rank: byArrival(AT - 2_000_000),
  checkpoints: null,
  lossShare: 1,
  overdue: false,
  preemptions: 0,
  placement: { ...ANYWHERE, ...placement },
  also: [],
  givesWayTo: null,
  ...over,
});

/** What a cluster is made of. */
export interface Content {
  readonly nodes?: readonly Node[];
  readonly leases?: readonly RunningLease[];
  readonly waiting?: readonly WaitingTask[];
}

export const aCluster = ({ nodes = [], leases = [], waiting = [] }: Content, policy = PLAIN): Cluster => {
  const cluster = new Cluster(policy);
  for (const node of nodes) cluster.setNode(node);
  for (const lease of leases) cluster.setLease(lease);
  for (const task of waiting) cluster.setTask(task);
  return cluster;
};

/** A cycle over all pools, everybody asking. */
export const cycleOf = (cluster: Cluster, waiting: readonly WaitingTask[], policy = PLAIN, atMs = AT) =>
  plan(cluster, policy, atMs, { asked: new Set(waiting.map(({ id }) => id)) });
export const cycle = (content: Content, policy = PLAIN, atMs = AT) =>
  cycleOf(aCluster(content, policy), content.waiting ?? [], policy, atMs);

const nameIn = (id: string): string => id.replace(/^.*\/|#\d+$/g, '');

/** Who starts, in the order of the decisions, and where: `train@node-1`, `copy@pool` for bare slots. */
export const granted = (content: Content, policy = PLAIN): readonly string[] =>
  cycle(content, policy).grants.map(({ id, nodeId: node }) => `${nameIn(id)}@${node ?? 'pool'}`);

/** Who gives way to whom: `sweep for train`. */
export const evicted = (content: Content, policy: Policy): readonly string[] =>
  cycle(content, policy).preemptions.map(
    ({ leaseId: lease, forId }) => `${lease.replace('lease-', '')} for ${nameIn(forId)}`,
  );

/** What one waiting task is told; undefined where it starts. */
export const deferralOf = (name: string, content: Content, policy = PLAIN) =>
  cycle(content, policy).deferrals.find(({ id }) => nameIn(id) === name);
/** The codes of what blocks it, each once. */
export const blockersOf = (name: string, content: Content, policy = PLAIN): readonly string[] => [
  ...new Set(deferralOf(name, content, policy)?.blockers.map(({ code }) => code)),
];
