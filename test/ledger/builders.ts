import { randomBytes } from 'node:crypto';
import {
  type AdvanceAnswer,
  type AdvanceRequest,
  type EndedAttempt,
  type Granted,
  type HeartbeatRequest,
  leaseId,
  nodeId,
  type Pool,
  type PriorityClass,
  pipelineSchema,
  type ReadyTask,
  type RegisterRequest,
  type ResourceRequest,
  type RunSpec,
  runId,
  taskKey,
  type Verdict,
} from '../../src/domain/index.js';
import type { Ledger, OutboxItem } from '../../src/ledger/index.js';

const GIB = 1024 ** 3;

/** All effects that are due, with what waits for the starts among them. */
export const claimAll = async (ledger: Ledger): Promise<readonly OutboxItem[]> => {
  const items = await ledger.claimOutbox(1_000);
  const starts = items.filter(({ kind }) => kind === 'start-run');
  if (starts.length === 0) return items;
  await ledger.completeOutbox(starts.map(({ id }) => id));
  return [...items, ...(await ledger.claimOutbox(1_000))];
};

/** A request of one device unless said otherwise. */
export const aRequest = (over: Partial<ResourceRequest> = {}): ResourceRequest => ({
  pool: 'gpu',
  devices: 1,
  cores: 0,
  memoryBytes: 0,
  slots: 0,
  ...over,
});

/** One slot of the io pool: any of its workers may take it. */
export const aSlot = (): ResourceRequest => aRequest({ pool: 'io', devices: 0, slots: 1 });

export const aReadyTask = (name: string, over: Partial<ReadyTask> = {}): ReadyTask => ({
  taskKey: taskKey(name),
  attempt: 1,
  request: aRequest(),
  features: {},
  ...over,
});

export const aSpec = (name = 'nightly', over: Partial<RunSpec> = {}): RunSpec => ({
  runId: runId(`${name}-${randomBytes(4).toString('hex')}`),
  pipeline: pipelineSchema.parse({
    apiVersion: 'signalbox/v1',
    name,
    tasks: { train: { pool: 'gpu', run: { function: 'train' } } },
  }),
  params: {},
  priorityClass: 'normal',
  tenant: 'default',
  ...over,
});

/** A node of which a test plays the worker. */
export class TestNode {
  incarnation = 0;
  constructor(
    readonly ledger: Ledger,
    readonly request: RegisterRequest,
  ) {}

  static async register(
    ledger: Ledger,
    name: string,
    over: Partial<RegisterRequest> = {},
  ): Promise<TestNode> {
    const pool: Pool = over.pool ?? 'gpu';
    const capacity = { devices: pool === 'gpu' ? 2 : 0, cores: 8, memoryBytes: 16 * GIB, slots: 4 };
    const node = new TestNode(ledger, {
      nodeId: name,
      nodeKey: `the key of ${name}, and of no other`,
      pool,
      capacity,
      virtualDevices: false,
      labels: {},
      ...over,
    });
    await node.start();
    return node;
  }

  /** Its worker starts (anew). */
  async start(): Promise<void> {
    this.incarnation = (await this.ledger.registerNode(this.request)).incarnation;
  }

  beat(over: Partial<HeartbeatRequest> = {}, ledger = this.ledger) {
    const { nodeId: name, nodeKey } = this.request;
    return ledger.heartbeat({
      nodeId: name,
      nodeKey,
      incarnation: this.incarnation,
      draining: false,
      running: [],
      ended: [],
      ...over,
    });
  }
}

/** What a node says of a lease that it runs. */
export const running = ({ lease }: Granted, over: Partial<HeartbeatRequest['running'][number]> = {}) => ({
  leaseId: lease.id,
  fencing: lease.fencing,
  startedAtMs: 1_800_000_000_000,
  progress: null,
  memoryBytes: null,
  cpuSeconds: null,
  ...over,
});

/** A run of which a test plays the workflow. */
export class TestRun {
  executionId = 'execution-1';
  priorityClass: PriorityClass;
  paused = false;
  workflowId: string;

  constructor(
    readonly ledger: Ledger,
    readonly spec: RunSpec,
  ) {
    this.priorityClass = spec.priorityClass;
    this.workflowId = spec.runId;
  }

  static async create(ledger: Ledger, name?: string, over: Partial<RunSpec> = {}): Promise<TestRun> {
    const spec = aSpec(name, over);
    await ledger.createRun(spec);
    return new TestRun(ledger, spec);
  }

  get id() {
    return this.spec.runId;
  }

  turn(over: Partial<AdvanceRequest> = {}, ledger = this.ledger): Promise<AdvanceAnswer> {
    return ledger.advance({
      runId: this.id,
      workflowId: this.workflowId,
      executionId: this.executionId,
      pipeline: this.spec.pipeline.name,
      tenant: this.spec.tenant,
      priorityClass: this.priorityClass,
      paused: this.paused,
      ended: [],
      ready: [],
      withdrawn: [],
      held: [],
      askAgain: false,
      ...over,
    });
  }

  /** Asks for one task and gives the verdict. */
  async ask(name: string, over: Partial<ReadyTask> = {}, ledger = this.ledger): Promise<Verdict> {
    const { verdicts } = await this.turn({ ready: [aReadyTask(name, over)] }, ledger);
    return verdicts[0] as Verdict;
  }

  /** Asks for one task that must be granted. */
  async start(name: string, over: Partial<ReadyTask> = {}, ledger = this.ledger): Promise<Granted> {
    return granted(await this.ask(name, over, ledger));
  }
}

/** The verdict, which must be a grant. */
export const granted = (verdict: Verdict | undefined): Granted => {
  if (verdict?.kind !== 'granted') throw new Error(`Not granted: ${JSON.stringify(verdict)}`);
  return verdict;
};

/** The end of a granted attempt as its workflow reports it. */
export const theEndOf = (grant: Granted, over: Partial<EndedAttempt> = {}): EndedAttempt => ({
  taskKey: grant.taskKey,
  attempt: grant.attempt,
  leaseId: leaseId(grant.lease.id),
  fencing: grant.lease.fencing,
  outcome: 'succeeded',
  outputs: {},
  nodeId: grant.lease.nodeId ?? nodeId('io-1'),
  startedAtMs: 1_800_000_000_000,
  endedAtMs: 1_800_000_010_000,
  usage: { peakMemoryBytes: null, cpuSeconds: null },
  processEnded: true,
  ...over,
});
