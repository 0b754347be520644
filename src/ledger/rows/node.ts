import type { NodeId, NodeState, Pool, Resources } from '../../domain/index.js';
import type { HotColumns } from './columns.js';
import type { DatedAct } from './pause.js';

/** A registered node. When it was last seen stands beside it in the table, written by heartbeats alone. */
export interface NodeRow {
  readonly nodeId: NodeId;
  /** SHA-256 of the secret in the node's folder. */
  readonly keyHash: string;
  readonly pool: Pool;
  readonly capacity: Resources;
  readonly state: NodeState;
  readonly incarnation: number;
  /** The worker process that registered it; null of workers that do not tell. */
  readonly bootId: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly virtualDevices: boolean;
  readonly registeredAtMs: number;
  /** What holds for it until it registers again, whatever policy is in force. Null of old rows. */
  readonly told: NodeTiming | null;
  /** Its worker says that it takes no new work. */
  readonly leaving: boolean;
  /** A person says so, until they take it back, whatever its worker does. */
  readonly drained: DatedAct | null;
}

/** What a node was told when it registered, in seconds: how often it says that it lives, and after which silence it is fenced. */
export interface NodeTiming {
  readonly heartbeatSeconds: number;
  readonly selfFenceSeconds: number;
  readonly graceSeconds: number;
}

export const NODES: HotColumns<NodeRow> = {
  key: ['nodeId'],
  columns: {
    nodeId: 'text',
    keyHash: 'text',
    pool: 'text',
    capacity: 'jsonb',
    state: 'text',
    incarnation: 'integer',
    bootId: 'text',
    labels: 'jsonb',
    virtualDevices: 'boolean',
    registeredAtMs: 'bigint',
    told: 'jsonb',
    leaving: 'boolean',
    drained: 'jsonb',
  },
};
