import { createHash } from 'node:crypto';
import {
  type HeartbeatAnswer,
  type HeartbeatRequest,
  type NodeId,
  type Pool,
  type RegisterAnswer,
  type RegisterRequest,
  SignalboxError,
  shortages,
} from '../../domain/index.js';
import type { LeaseRow, NodeRow, NodeTiming } from '../rows/index.js';
import { countBound, startSlowly } from '../state/breakers.js';
import type { Draft } from '../state/draft.js';
import type { Command } from '../state/group-commit.js';
import type { Image } from '../state/image.js';
import { release, revoke, whyItLeaves } from '../state/transitions/index.js';
import { moveToMoreMemory } from './memory.js';

/** The secret of a node's folder, as it is stored. */
export const keyHashOf = (nodeKey: string): string => createHash('sha256').update(nodeKey).digest('hex');

/** What a policy tells a node that registers. */
export const timingOf = ({ heartbeatSeconds, selfFenceSeconds, graceSeconds }: NodeTiming): NodeTiming => ({
  heartbeatSeconds,
  selfFenceSeconds,
  graceSeconds,
});

const leasesOn = (draft: Draft, nodeId: string): readonly LeaseRow[] =>
  draft.image.leasesWhere((lease) => lease.nodeId === nodeId);

/**
 * A new incarnation of a node. The key says that its earlier worker is gone, and with it all its processes, so that what they
 * held is free. Another holder of the name is refused while the first may live.
 */
export const registerNode = (request: RegisterRequest): Command<RegisterAnswer> => ({
  apply(draft) {
    const nodeId = request.nodeId as NodeId;
    const before = draft.image.nodes.get(nodeId);
    const keyHash = keyHashOf(request.nodeKey);
    if (before && before.keyHash !== keyHash) refuseWhileAlive(draft, before);
    for (const lease of leasesOn(draft, nodeId)) {
      if (lease.state !== 'revoked') revoke(draft, lease, `the worker of ${nodeId} has started anew`, false);
      release(draft, draft.image.liveLease(lease.leaseId) ?? lease, 'its node started anew');
    }
    const { pool, capacity, labels, virtualDevices, bootId = null } = request;
    const incarnation = (before?.incarnation ?? 0) + 1;
    const told = timingOf(draft.surroundings.policy);
    const what = { nodeId, keyHash, bootId, pool, capacity, labels, virtualDevices, told };
    if (isOut(draft, pool)) startSlowly(draft, `pool/${pool}`);
    const drained = before?.drained ?? null;
    const standing = { state: nodeState(false, drained), leaving: false, drained } as const;
    draft.put('nodes', { ...what, ...standing, incarnation, registeredAtMs: draft.atMs });
    draft.event({ kind: 'node-registered', nodeId, detail: { pool, capacity, incarnation, virtualDevices } });
    const { heartbeatSeconds, selfFenceSeconds } = told;
    return () => ({ incarnation, heartbeatSeconds, selfFenceSeconds });
  },
});

/** A pool all of whose nodes are gone: what has gathered meanwhile must not begin all at once. */
const isOut = ({ image }: Draft, pool: Pool): boolean => {
  const known = [...image.nodes.values()].filter((node) => node.pool === pool);
  return known.length > 0 && known.every(({ state }) => state === 'lost');
};

const refuseWhileAlive = (draft: Draft, node: NodeRow): void => {
  if (node.state === 'lost' && leasesOn(draft, node.nodeId).length === 0) return;
  throw new SignalboxError(
    'node-taken',
    `Node ${node.nodeId} is held by another worker, or was until a moment ago.`,
  );
};

/** Takes a heartbeat's news: what has ended is free, bare slots that run here are bound, and what may not run is to stop. */
export const takeHeartbeat = (beat: HeartbeatRequest): Command<HeartbeatAnswer> => ({
  apply(draft) {
    const node = draft.image.nodes.get(beat.nodeId);
    if (node === undefined || isStale(node, beat)) {
      const replaced = node !== undefined && isReplaced(node, beat);
      return () => ({ stop: [], stale: true, ...(replaced ? { replaced } : {}) });
    }
    if (node.leaving !== beat.draining) setLeaving(draft, node, beat.draining);
    for (const { leaseId, fencing } of beat.ended) {
      const lease = draft.image.liveLease(leaseId);
      if (lease?.fencing === fencing) takeProcessEnd(draft, lease, node);
    }
    for (const running of beat.running) {
      takeCheckpoint(draft, node, running);
      takePressure(draft, node, running);
    }
    const refused = beat.running.flatMap((running) => {
      const why = refusalOf(draft, node, running);
      return why === null ? [] : ([[running.leaseId, why]] as const);
    });
    return () => answerTo(draft.image, beat, refused);
  },
});

/**
 * What a node that is not stale hears: which of its leases it may not have; and which are to leave, with their grace, because
 * they give way or were taken back from it: they keep their hardware until they have gone.
 */
export const answerTo = (
  image: Image,
  beat: HeartbeatRequest,
  refused: readonly (readonly [leaseId: string, why: string])[] = [],
): HeartbeatAnswer => {
  const stop = refused.map(([leaseId]) => leaseId);
  const leaving = beat.running.flatMap(({ leaseId }) => {
    const lease = image.liveLease(leaseId);
    const leaves = lease?.state === 'preempting' || lease?.state === 'revoked';
    return leaves && !stop.includes(leaseId) ? [lease] : [];
  });
  const refuse = neverBegun(image, beat).map(({ leaseId, fencing }) => ({ leaseId, fencing }));
  const answer = {
    stop,
    stale: false,
    ...(isShut(image, beat.nodeId) ? { shut: true as const } : {}),
    ...(refuse.length > 0 ? { refuse } : {}),
  };
  if (refused.length + leaving.length === 0) return answer;
  const why = [...refused, ...leaving.map((lease) => [lease.leaseId, whyItLeaves(lease)] as const)];
  return {
    ...answer,
    ...(leaving.length > 0 ? { leave: leaving.map(({ leaseId }) => leaseId) } : {}),
    why: Object.fromEntries(why),
  };
};

/** Whether a node is to take nothing more: a person drained it, or its breaker is open. */
const isShut = (image: Image, nodeId: string): boolean =>
  image.nodes.get(nodeId)?.drained != null || image.breakers.get(`node/${nodeId}`)?.startsLeft === 0;

/** Whether a heartbeat has news for the image; most have none and need no transaction of it. */
export const hasNews = (image: Image, beat: HeartbeatRequest): boolean => {
  const node = image.nodes.get(beat.nodeId);
  if (node === undefined || isStale(node, beat) || node.leaving !== beat.draining) return true;
  const holds = ({ leaseId, fencing }: { leaseId: string; fencing: number }): boolean => {
    const lease = image.liveLease(leaseId);
    return (
      lease !== undefined &&
      lease.fencing === fencing &&
      lease.nodeId === node.nodeId &&
      lease.state !== 'revoked'
    );
  };
  return (
    beat.running.some((running) => newerCheckpoint(image, node, running)) ||
    beat.running.some((running) => newlyPressed(image, node, running)) ||
    beat.ended.some(({ leaseId }) => image.liveLease(leaseId) !== undefined) ||
    !beat.running.every(holds)
  );
};

/**
 * Leases of this node that were taken back before it spoke of them: their workflow is gone, or no longer wants them, so that
 * nobody else would ever say that they are free. Only the node knows whether their activity has reached it.
 */
const neverBegun = (image: Image, { nodeId, incarnation, running, ended }: HeartbeatRequest) => {
  if (image.revoked.size === 0) return [];
  const named = new Set([...running, ...ended].map(({ leaseId }) => leaseId));
  return [...image.revoked.values()].filter(
    (lease) => lease.nodeId === nodeId && lease.incarnation === incarnation && !named.has(lease.leaseId),
  );
};

type Running = HeartbeatRequest['running'][number];

/** The lease of which its own node says that more of its work is kept than was known. */
const newerCheckpoint = (
  image: Image,
  { nodeId }: NodeRow,
  { leaseId, fencing, checkpointAtMs }: Running,
): LeaseRow | undefined => {
  const lease = image.liveLease(leaseId);
  const newer = checkpointAtMs !== undefined && checkpointAtMs > (lease?.checkpointAtMs ?? 0);
  return newer && lease?.fencing === fencing && lease.nodeId === nodeId ? lease : undefined;
};

/** No checkpoint keeps work that is still to be done: a node's clock may be ahead. */
const takeCheckpoint = (draft: Draft, node: NodeRow, running: Running): void => {
  const lease = newerCheckpoint(draft.image, node, running);
  if (lease === undefined) return;
  const checkpointAtMs = Math.round(Math.min(running.checkpointAtMs ?? 0, draft.atMs));
  if (checkpointAtMs > (lease.checkpointAtMs ?? 0)) draft.put('leases', { ...lease, checkpointAtMs });
};

/** The lease of which its own node says for the first time that its task is about to need more memory than it holds. */
const newlyPressed = (
  image: Image,
  { nodeId }: NodeRow,
  { leaseId, fencing, memoryFullInSeconds }: Running,
): LeaseRow | undefined => {
  const lease = memoryFullInSeconds === undefined ? undefined : image.liveLease(leaseId);
  const isIts = lease?.fencing === fencing && lease.nodeId === nodeId && lease.state !== 'revoked';
  return isIts && lease.memoryPressureAtMs === null ? lease : undefined;
};

const takePressure = (draft: Draft, node: NodeRow, running: Running): void => {
  const lease = newlyPressed(draft.image, node, running);
  if (lease) moveToMoreMemory(draft, lease, running.memoryBytes, running.memoryFullInSeconds ?? 0);
};

/** Another process has registered with the same key, which only a copy of the node's folder gives. */
const isReplaced = (node: NodeRow, beat: HeartbeatRequest): boolean =>
  node.keyHash === keyHashOf(beat.nodeKey) &&
  node.incarnation > beat.incarnation &&
  node.bootId !== null &&
  beat.bootId !== undefined &&
  node.bootId !== beat.bootId;

const isStale = (node: NodeRow, beat: HeartbeatRequest): boolean =>
  node.incarnation !== beat.incarnation || node.keyHash !== keyHashOf(beat.nodeKey) || node.state === 'lost';

/** A live node takes new work unless its worker or a person says that it does not. */
export const nodeState = (leaving: boolean, drained: NodeRow['drained']): 'active' | 'draining' =>
  leaving || drained !== null ? 'draining' : 'active';

const setLeaving = (draft: Draft, node: NodeRow, leaving: boolean): void => {
  draft.put('nodes', { ...node, leaving, state: nodeState(leaving, node.drained) });
  if (leaving !== node.leaving)
    draft.event({ kind: leaving ? 'node-draining' : 'node-active', nodeId: node.nodeId });
};

/**
 * The process has ended. The attempt is not over for the run: its workflow says how it ended. Only the node that has the lease
 * may say so, or the first to speak of bare slots.
 */
const takeProcessEnd = (draft: Draft, lease: LeaseRow, node: NodeRow): void => {
  if (lease.nodeId === null || lease.nodeId === node.nodeId)
    release(draft, lease, lease.state === 'held' ? null : 'its process has ended');
};

/** Why a node may not run under a lease; null where it may. Bare slots are bound to the first that speaks of them. */
const refusalOf = (draft: Draft, node: NodeRow, { leaseId, fencing }: Running): string | null => {
  const lease = draft.image.liveLease(leaseId);
  if (lease === undefined) return 'The ledger has no such lease, or it has ended.';
  if (lease.fencing !== fencing) return `Its fencing number is ${lease.fencing}, not ${fencing}.`;
  if (lease.pool !== node.pool) return `It is a lease of pool ${lease.pool}, this node is in ${node.pool}.`;
  if (lease.nodeId === null && !hasRoomFor(draft, node, lease))
    return `${node.nodeId} registered too little to run this beside what runs there.`;
  if (lease.nodeId === null) bind(draft, lease, node);
  const bound = draft.image.liveLease(leaseId) ?? lease;
  if (bound.nodeId !== node.nodeId) return `It is a lease on ${bound.nodeId}.`;
  if (bound.incarnation !== node.incarnation)
    return `It was granted to incarnation ${bound.incarnation} of ${node.nodeId}, this is ${node.incarnation}.`;
  return null;
};

/** An honest agent takes no more than it registered. */
const hasRoomFor = (draft: Draft, { nodeId, pool }: NodeRow, { resources }: LeaseRow): boolean => {
  const place = draft.image.cluster
    .pool(pool)
    .places(draft.atMs)
    .find(({ node }) => node.id === nodeId);
  return place === undefined || shortages(resources, place.free).length === 0;
};

/** Bare slots are on this node from now on, also where the lease has been revoked: only this node can say that it is free. */
const bind = (draft: Draft, lease: LeaseRow, { nodeId, incarnation }: NodeRow): void => {
  draft.put('leases', { ...lease, nodeId, incarnation });
  countBound(draft, nodeId);
  const task = draft.image.task(lease.runId, lease.taskKey, lease.attempt);
  if (task?.leaseId === lease.leaseId) draft.put('tasks', { ...task, nodeId });
};

/** A node's sign of life as last seen: its incarnation and the count of its heartbeats. */
export interface Pulse {
  readonly nodeId: string;
  readonly incarnation: number;
  readonly beat: number;
}

/** Acts on a node only if it has still not been heard of since its last known heartbeat. */
const ifSilent = (pulse: Pulse, act: (draft: Draft, node: NodeRow) => void): Command<void> => {
  let silent = false;
  return {
    async prepare(database) {
      const { nodeId, incarnation, beat } = pulse;
      const found = await database.db
        .selectFrom('nodes')
        .select('nodeId')
        .where((node) => node.and({ nodeId: nodeId as NodeId, incarnation, beat }))
        .executeTakeFirst();
      silent = found !== undefined;
    },
    apply(draft) {
      const node = draft.image.nodes.get(pulse.nodeId);
      if (silent && node?.incarnation === pulse.incarnation) act(draft, node);
      return () => undefined;
    },
  };
};

/** A node whose self-fence deadline has passed: it stops its own tasks, or is dead. Its leases are over, its hardware not yet free. */
export const loseNode = (pulse: Pulse, silentSeconds: number): Command<void> =>
  ifSilent(pulse, (draft, node) => {
    if (node.state === 'lost') return;
    const { nodeId } = node;
    draft.put('nodes', { ...node, state: 'lost' });
    draft.event({ kind: 'node-lost', nodeId, detail: { silentSeconds } });
    const why = `node ${nodeId} has not been heard of for ${Math.round(silentSeconds)} s`;
    for (const lease of leasesOn(draft, nodeId))
      if (lease.state !== 'revoked') revoke(draft, lease, why, false);
  });

/** What a lost node held is free: by now it has stopped its own tasks, grace included. */
export const fenceNode = (pulse: Pulse): Command<void> =>
  ifSilent(pulse, (draft, { nodeId, state }) => {
    if (state === 'lost')
      for (const lease of leasesOn(draft, nodeId))
        release(draft, lease, 'by now its node has stopped it, or is dead');
  });

/** Bare slots that were taken back before any node spoke of them, and that no live node runs: they are free. */
export const freeUnbound = (leaseIds: readonly string[]): Command<void> => ({
  apply(draft) {
    for (const leaseId of leaseIds) {
      const lease = draft.image.liveLease(leaseId);
      if (lease?.state === 'revoked' && lease.nodeId === null) release(draft, lease, 'no node ever began it');
    }
    return () => undefined;
  },
});
