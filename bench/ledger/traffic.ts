import {
  type AdvanceRequest,
  type Granted,
  nodeId,
  type Pipeline,
  PRIORITY_CLASSES,
  pipelineSchema,
  type RunId,
  type RunSpec,
  runId,
  taskKey,
  type Verdict,
} from '../../src/domain/index.js';
import type { Ledger } from '../../src/ledger/index.js';
import { source } from '../support/numbers.js';

const NODES = 80;
const DEVICES = 8;
const TENANTS = 20;
const PIPELINES = 200;
/** Each run is a fan-out of so many items, of which so many wait or run at a time: as one ends, the next is ready. */
const ITEMS = 50;
const WIDTH = 10;
const GIB = 2 ** 30;

interface OpenRun {
  readonly spec: RunSpec;
  readonly inputBytes: number;
  entered: number;
  ended: number;
}

/** A task that was granted and has not ended. */
interface Running {
  readonly run: OpenRun;
  readonly grant: Granted;
  readonly startedAtMs: number;
}

/**
 * Plays the workflows of many runs on a full pool of 640 devices with a queue of a given length. Each turn says of one task that it
 * has ended and of the next that it is ready; the queue's head gets the place, and hears of it by answer or signal. A run whose items
 * are all done ends, and another comes.
 */
export class Traffic {
  /** Transitions so far: tasks that have entered, were granted, have ended. */
  transitions = 0;
  readonly #random = source(7);
  readonly #runs = new Map<RunId, OpenRun>();
  readonly #running: Running[] = [];
  readonly #known = new Set<string>();
  #waiting = 0;
  #began = 0;
  readonly #awaited: (() => void)[] = [];

  constructor(
    private readonly ledger: Ledger,
    private readonly waiting: number,
    private readonly name: string,
  ) {}

  /** Registers the nodes and fills the pool and its queue. */
  async fill(): Promise<void> {
    for (let index = 0; index < NODES; index += 1)
      await this.ledger.registerNode({
        nodeId: `${this.name}-gpu-${index}`,
        nodeKey: `the key of ${this.name}-gpu-${index}`,
        pool: 'gpu',
        capacity: { devices: DEVICES, cores: 12 * DEVICES, memoryBytes: 128 * GIB * DEVICES, slots: 0 },
        virtualDevices: true,
        labels: {},
      });
    while (this.#waiting < this.waiting)
      await Promise.all(
        Array.from({ length: Math.min(100, Math.ceil((this.waiting - this.#waiting) / WIDTH)) }, () =>
          this.#begin(),
        ),
      );
    this.transitions = 0;
  }

  /** Whether the run is one of those played here. */
  plays(id: RunId): boolean {
    return id.startsWith(`${this.name}-`);
  }

  get waitingNow(): number {
    return this.#waiting;
  }

  /** Takes a grant that came as an answer or a signal; told twice it counts once. */
  take(verdict: Granted, id: RunId): void {
    const run = this.#runs.get(id);
    if (run === undefined || this.#known.has(verdict.lease.id)) return;
    this.#known.add(verdict.lease.id);
    this.#running.push({ run, grant: verdict, startedAtMs: Date.now() });
    this.#waiting -= 1;
    this.transitions += 1;
    this.#awaited.shift()?.();
  }

  /** Ends a running task, as soon as there is one, unless that is too late. Resolves once the ledger has answered. */
  async endOne(isLate: () => boolean = () => false): Promise<void> {
    while (this.#running.length === 0) {
      if (isLate()) return;
      await this.#arrival();
    }
    const at = Math.floor(this.#random() * this.#running.length);
    const [{ run, grant, startedAtMs }] = this.#running.splice(at, 1) as [Running];
    this.#known.delete(grant.lease.id);
    const { taskKey: key, attempt, lease } = grant;
    run.ended += 1;
    this.transitions += 1;
    await this.#turn(run, {
      ended: [
        {
          taskKey: key,
          attempt,
          leaseId: lease.id,
          fencing: lease.fencing,
          outcome: 'succeeded',
          outputs: { rows: run.ended },
          nodeId: lease.nodeId ?? nodeId(`${this.name}-gpu-0`),
          startedAtMs,
          endedAtMs: Date.now(),
          usage: { peakMemoryBytes: 3 * GIB, cpuSeconds: 0.5 },
          processEnded: true,
        },
      ],
      ready: this.#next(run, 1),
      ...(run.ended === ITEMS ? { end: { status: 'succeeded' } } : {}),
    });
    if (run.ended === ITEMS) this.#runs.delete(run.spec.runId);
    if (this.#waiting < this.waiting - WIDTH) await this.#begin();
  }

  /** Another process may hold all that runs for a while: looks again after a moment even where nothing has come. */
  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 20);
      this.#awaited.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async #begin(): Promise<void> {
    const run: OpenRun = {
      spec: this.#spec(),
      inputBytes: Math.round(10 ** (6 + 3 * this.#random())),
      entered: 0,
      ended: 0,
    };
    this.#waiting += WIDTH;
    await this.ledger.createRun(run.spec);
    this.#runs.set(run.spec.runId, run);
    this.#waiting -= WIDTH;
    await this.#turn(run, { ready: this.#next(run, WIDTH) });
  }

  #spec(): RunSpec {
    this.#began += 1;
    const pipeline = this.#pipeline(this.#began % PIPELINES);
    return {
      runId: runId(`${this.name}-${this.#began.toString(36)}`),
      pipeline,
      params: {},
      priorityClass: PRIORITY_CLASSES[1 + Math.floor(this.#random() * 4)] ?? 'normal',
      tenant: `tenant-${Math.floor(this.#random() * TENANTS)}`,
    };
  }

  readonly #pipelines = new Map<number, Pipeline>();

  #pipeline(number: number): Pipeline {
    const known = this.#pipelines.get(number);
    if (known) return known;
    const made = pipelineSchema.parse({
      apiVersion: 'signalbox/v1',
      name: `pipeline-${number}`,
      tasks: {
        train: {
          resources: { gpu: 1, cpu: 8, memoryBytes: '64GiB' },
          run: { function: 'train' },
          forEach: Array.from({ length: ITEMS }, (_, item) => item),
          estimate: `${1 + (number % 10)}s`,
        },
      },
    });
    this.#pipelines.set(number, made);
    return made;
  }

  #next(run: OpenRun, most: number): AdvanceRequest['ready'] {
    const count = Math.min(most, ITEMS - run.entered);
    this.#waiting += count;
    this.transitions += count;
    return Array.from({ length: count }, () => {
      const item = run.entered;
      run.entered += 1;
      return {
        taskKey: taskKey('train', item),
        attempt: 1,
        request: { pool: 'gpu', devices: 1, cores: 8, memoryBytes: 64 * GIB, slots: 0 },
        features: { inputBytes: run.inputBytes, item },
        estimateSeconds: 1 + (this.#began % 10),
      };
    });
  }

  async #turn(run: OpenRun, over: Partial<AdvanceRequest>): Promise<void> {
    const { runId: id, pipeline, tenant, priorityClass } = run.spec;
    const { verdicts } = await this.ledger.advance({
      runId: id,
      workflowId: id,
      executionId: 'execution-1',
      pipeline: pipeline.name,
      tenant,
      priorityClass,
      paused: false,
      ended: [],
      ready: [],
      withdrawn: [],
      held: [],
      askAgain: false,
      ...over,
    });
    for (const verdict of verdicts) if (isGrant(verdict)) this.take(verdict, id);
  }
}

const isGrant = (verdict: Verdict): verdict is Granted => verdict.kind === 'granted';
