import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { TaskAgent } from '../../activities/tasks/index.js';
import {
  type NodeId,
  type Pool,
  type RegisterAnswer,
  type Resources,
  SignalboxError,
} from '../../src/domain/index.js';
import type { AgentApi } from './api-client.js';
import { Leases, type Standing } from './leases.js';
import { endLeftovers } from './leftovers.js';
import { LoadMeter } from './load.js';
import { openNodeFolder } from './node-folder.js';
import { Pulse } from './pulse.js';

/** What a node is, and whom it talks to. */
export interface AgentSettings {
  readonly nodeId: NodeId;
  readonly pool: Pool;
  readonly capacity: Resources;
  readonly virtualDevices: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** The node's own folder, for this worker alone. */
  readonly folder: string;
  readonly api: AgentApi;
  readonly log: Logger;
  /** Ends the worker's process: the last resort when a task in the process itself does not stop. */
  readonly die: (why: string) => void;
  /** Told whether the node may take tasks of its pool's own queue. */
  readonly onOpen: (open: boolean) => void;
}

/** The node's agent: registers the node, keeps it alive with the API, and guards its hardware. */
export interface NodeAgent extends TaskAgent {
  /** Takes no more work, asks what runs to leave with its grace, and resolves when all of it has gone. */
  drain(): Promise<void>;
  /** Ends what runs at once. */
  killAll(why: string): void;
  /** Says goodbye and gives the node's folder back. Call it when nothing runs any more. */
  close(): Promise<void>;
}

/** Errors after which trying again is of no use. */
const FATAL = new Set(['unauthorized', 'node-taken', 'invalid-request']);
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5000;
/** How long in-process tasks may take to stop after the self-fence, before the process ends itself. */
const FENCE_END_MS = 2000;
const FENCE_LOOK_MS = 100;

const refusal = (why: string | undefined): string => `Its lease is no longer valid.${why ? ` ${why}` : ''}`;

/**
 * Starts the agent: ends leftovers, registers (waiting for the API as long as it takes), then heartbeats. Throws where the
 * node's folder or name is taken or the token is refused.
 */
export const startAgent = async (settings: AgentSettings): Promise<NodeAgent> => {
  const { nodeId, pool, capacity, virtualDevices, labels, api, log } = settings;
  const folder = await openNodeFolder(settings.folder, nodeId);
  const meter = new LoadMeter({
    devices: pool === 'gpu' && !virtualDevices ? capacity.devices : 0,
    folder: settings.folder,
  });
  const standing = { incarnation: 0, state: 'renewing' as Standing['state'] };
  let fencedAtMs: number | null = null;
  let renewedAtMs = 0;
  let closing = false;
  let replaced = false;
  const bootId = randomUUID();
  let terms: RegisterAnswer = {
    incarnation: 0,
    heartbeatSeconds: 1,
    selfFenceSeconds: Number.POSITIVE_INFINITY,
  };

  const leases = new Leases(nodeId, capacity, () => standing, {
    launched: (lease, group) => folder.remember({ lease, group, launchedAtMs: Date.now() }),
    ended: ({ id, nodeId: bound }) => {
      folder.forget(id);
      if (bound !== null) pulse.soon();
    },
    urgent: () => pulse.soon(),
  });

  const register = async (): Promise<void> => {
    for (let retryMs = FIRST_RETRY_MS; !closing; retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)) {
      const sentAtMs = performance.now();
      try {
        const { nodeKey } = folder;
        terms = await api.register({ nodeId, nodeKey, pool, capacity, virtualDevices, labels, bootId });
        return opened(sentAtMs);
      } catch (error) {
        if (error instanceof SignalboxError && FATAL.has(error.code)) throw error;
        log.warn({ err: error, retryMs }, 'Registering failed; trying again');
        await pulse.sleep(retryMs);
      }
    }
  };

  const opened = (sentAtMs: number): void => {
    renewedAtMs = sentAtMs;
    fencedAtMs = null;
    standing.incarnation = terms.incarnation;
    if (standing.state === 'renewing') standing.state = 'open';
    leases.wake();
    log.info({ nodeId, capacity, virtualDevices, incarnation: terms.incarnation }, 'Node registered');
  };

  /** Says whether this is still the node's newest incarnation. */
  const heartbeat = async (): Promise<boolean> => {
    const load = await meter.look();
    const sentAtMs = performance.now();
    const { nodeKey } = folder;
    const { incarnation, state } = standing;
    const report = leases.report();
    try {
      const draining = state === 'draining';
      const beat = { nodeId, nodeKey, incarnation, bootId, draining, load, ...report };
      const {
        stop,
        stale,
        replaced: taken = false,
        shut = false,
        leave = [],
        refuse = [],
        why = {},
      } = await api.heartbeat(beat);
      leases.acknowledge(report.ended);
      settings.onOpen(!shut);
      for (const id of stop) leases.kill(refusal(why[id]), [id]);
      for (const id of leave) leases.leave(id, why[id] ?? 'More urgent work needs the hardware');
      leases.refuse(refuse);
      if (refuse.length > 0) pulse.soon();
      replaced = taken;
      if (!stale) renewedAtMs = sentAtMs;
      return !stale;
    } catch (err) {
      log.warn({ err }, 'A heartbeat failed');
      return true;
    }
  };

  const startOver = async (why: string): Promise<void> => {
    if (standing.state === 'open') standing.state = 'renewing';
    leases.kill(why);
    await leases.empty();
    await register();
  };

  /** Registering again would only take the node back from the other worker, and so on for ever. */
  const giveUp = async (): Promise<never> => {
    leases.kill('Another worker has taken this node over.');
    await leases.empty();
    throw new SignalboxError(
      'node-taken',
      `Another worker has registered as ${nodeId} with this node's own key: its folder ${settings.folder} was copied, or this worker was taken for dead.`,
    );
  };

  /** Stops everything where no heartbeat got through for too long: the ledger will give this hardware to others. */
  const fence = (): void => {
    if (performance.now() - renewedAtMs <= terms.selfFenceSeconds * 1000) return;
    if (fencedAtMs === null) {
      fencedAtMs = performance.now();
      if (standing.state === 'open') standing.state = 'renewing';
      log.error({ selfFenceSeconds: terms.selfFenceSeconds }, 'Cut off from the API: stopping all tasks');
      leases.kill('The node was cut off from the API.');
    }
    if (leases.busy && performance.now() - fencedAtMs > FENCE_END_MS) {
      settings.die('A task did not stop when the node was cut off from the API.');
    }
  };

  const turn = async (): Promise<void> => {
    if (fencedAtMs !== null) return startOver('The node was cut off from the API.');
    if (await heartbeat()) return;
    await (replaced ? giveUp() : startOver('Another incarnation of this node has registered.'));
  };
  const pulse = new Pulse(
    turn,
    () => terms.heartbeatSeconds * 1000,
    (error) => settings.die(`The node cannot go on: ${error instanceof Error ? error.message : error}`),
  );

  try {
    await endLeftovers(folder, log);
    await register();
  } catch (error) {
    folder.release();
    throw error;
  }
  const fencing = setInterval(fence, FENCE_LOOK_MS);
  pulse.start();

  return {
    nodeId,
    take: (lease, signal) => leases.take(lease, signal),
    drain: async () => {
      standing.state = 'draining';
      leases.drain('The node is shutting down.');
      pulse.soon();
      await leases.empty();
    },
    killAll: (why) => leases.kill(why),
    close: async () => {
      standing.state = 'draining';
      closing = true;
      await pulse.stop();
      if (fencedAtMs === null) await heartbeat();
      clearInterval(fencing);
      folder.release();
    },
  };
};
