import { join } from 'node:path';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { openWorkspace } from '../activities/artifacts/index.js';
import { createTaskActivities, type TaskActivities } from '../activities/tasks/index.js';
import { type NodeId, nodeId, type Resources, taskQueue } from '../src/domain/index.js';
import { agentApi, findCapacity, type NodeAgent, startAgent } from './agent/index.js';
import { ClassSlots } from './class-slots.js';
import { loadFunctions } from './functions.js';
import { type PoolSettings, type PoolSettingsInput, poolSettings } from './pool-settings.js';
import { logTemporalTo } from './runtime.js';
import { connectWorker } from './temporal.js';

/** A running pool worker. */
export interface PoolWorker {
  readonly nodeId: NodeId;
  /** Settles when the worker has stopped; rejects where it stopped by itself. */
  readonly finished: Promise<void>;
  /** Drains: no new work, what runs gets its grace and keeps its checkpoint. Called again, it ends what runs at once. */
  stop(): Promise<void>;
}

/** Cancellation reaches a running task within this time and one heartbeat (1 s); at Temporal's default it may take 30 s. */
const HEARTBEAT_THROTTLE = '500ms';
/** The node's own queue carries what holds hardware; the agent bounds it, this only must not be less. */
const LEAST_BOUND_TASKS = 32;

/**
 * Starts the worker of one node of a pool: checks its settings, loads its functions, connects to Temporal, registers the node,
 * and takes tasks from the class queue (bare slots) and from the node's own queue.
 */
export const startPoolWorker = async (
  input: PoolSettingsInput & { readonly log: Logger; readonly die?: (why: string) => void },
): Promise<PoolWorker> => {
  const { log, die = dieFrom(log), ...given } = input;
  const settings = poolSettings.parse(given);
  const id = nodeId(settings.node);
  const functions = await loadFunctions(settings.functions);
  const capacity = await findCapacity(settings.pool, settings);
  if (settings.virtualDevices) {
    log.warn({ devices: capacity.devices }, 'Virtual devices: declared, no such hardware stands behind them');
  }
  logTemporalTo(log);
  const connection = await connectWorker(settings.temporal);
  const classSlots = new ClassSlots(capacity.slots);
  const agent = await startAgent({
    ...settings,
    nodeId: id,
    capacity,
    folder: join(settings.data, 'nodes', settings.node),
    api: agentApi(settings.apiUrl, settings.workerToken),
    log,
    die,
    onOpen: (open) => classSlots.setOpen(open),
  }).catch(async (error) => {
    await connection.close();
    throw error;
  });
  const workspace = openWorkspace(settings.workspace, {
    env: process.env,
    cacheFolder: join(settings.data, 'cache', settings.node),
  });
  const activities = createTaskActivities({
    ...settings,
    agent,
    workspace,
    functions,
    log,
    env: process.env,
  });
  return run(
    await createWorkers(settings, connection, { capacity, classSlots, activities }),
    agent,
    connection,
    log,
  );
};

const dieFrom = (log: Logger) => (why: string) => {
  log.fatal(why);
  process.exit(1);
};

interface WorkerParts {
  readonly capacity: Resources;
  readonly classSlots: ClassSlots;
  readonly activities: TaskActivities;
}

const createWorkers = (
  settings: PoolSettings,
  connection: NativeConnection,
  { capacity: { devices, cores, slots }, classSlots, activities }: WorkerParts,
): Promise<Worker[]> => {
  const create = (
    queue: string,
    slotsOf: Pick<WorkerOptions, 'tuner' | 'maxConcurrentActivityTaskExecutions'>,
  ) =>
    Worker.create({
      connection,
      namespace: settings.temporal.namespace,
      taskQueue: queue,
      activities,
      identity: settings.node,
      maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
      defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
      ...slotsOf,
    } satisfies WorkerOptions);
  const bound = create(taskQueue(settings.pool, settings.node), {
    maxConcurrentActivityTaskExecutions: Math.max(LEAST_BOUND_TASKS, devices + cores + slots),
  });
  const free = () => create(taskQueue(settings.pool, null), { tuner: tunerOf(classSlots) });
  return Promise.all(slots > 0 ? [free(), bound] : [bound]);
};

/** A tuner bounds all kinds of tasks; this worker has but one. */
const tunerOf = (activityTaskSlotSupplier: ClassSlots): NonNullable<WorkerOptions['tuner']> => {
  const none = { type: 'fixed-size', numSlots: 1 } as const;
  return {
    activityTaskSlotSupplier,
    workflowTaskSlotSupplier: none,
    localActivityTaskSlotSupplier: none,
    nexusTaskSlotSupplier: none,
  };
};

const run = (
  workers: readonly Worker[],
  agent: NodeAgent,
  connection: NativeConnection,
  log: Logger,
): PoolWorker => {
  const shutdown = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const runs = workers.map((worker) =>
    worker.run().catch((err) => {
      log.error({ err }, 'The worker stopped by itself');
      shutdown();
      agent.killAll('Its worker has stopped.');
      throw err;
    }),
  );
  const close = async () => {
    await Promise.allSettled(runs);
    await agent.close();
    await connection.close();
    await Promise.all(runs);
  };
  const finished = close();
  finished.catch(() => undefined);
  let draining = false;
  return {
    nodeId: agent.nodeId,
    finished,
    stop: async () => {
      if (draining) agent.killAll('The worker was told to stop at once.');
      draining = true;
      const drained = agent.drain();
      shutdown();
      await drained;
      await finished;
    },
  };
};
