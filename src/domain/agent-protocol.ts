import { z } from 'zod';
import { POOLS } from './resources.js';

const amount = z.number().int().nonnegative();

/** One worker process: what registers again from what has a copy of its node's folder, and with it the key. */
const bootId = z.string().min(8).max(64).optional();

/** A worker's node presents itself: `POST /v1/agent/register`. The same key says that the node's earlier worker is gone. */
export const registerRequest = z.strictObject({
  nodeId: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i),
  /** A secret of the node's folder: another holder of the name is refused while the first lives. */
  nodeKey: z.string().min(16).max(128),
  pool: z.enum(POOLS),
  capacity: z.strictObject({ devices: amount, cores: amount, memoryBytes: amount, slots: amount }),
  virtualDevices: z.boolean(),
  labels: z.record(z.string(), z.string()),
  bootId,
});
export type RegisterRequest = z.infer<typeof registerRequest>;

/** The registered incarnation, and within what the node must renew or stop its own tasks (monotonic clock). */
export interface RegisterAnswer {
  readonly incarnation: number;
  readonly heartbeatSeconds: number;
  readonly selfFenceSeconds: number;
}

const runningTask = z.strictObject({
  leaseId: z.string(),
  fencing: z.number().int(),
  startedAtMs: z.number().int(),
  progress: z.number().min(0).max(1).nullable(),
  memoryBytes: z.number().nonnegative().nullable(),
  cpuSeconds: z.number().nonnegative().nullable(),
  /** When the newest work was written that a kept checkpoint holds. */
  checkpointAtMs: z.number().nonnegative().optional(),
  /** Said once it is close: as its memory grows now, it reaches what it leases in so long. */
  memoryFullInSeconds: z.number().nonnegative().optional(),
});

const share = z.number().min(0).max(1).nullable();
const bytes = z.number().nonnegative();

/** How busy a node's machine is, and what is wrong with it, in sentences; null where the system does not tell. */
export const nodeLoad = z.strictObject({
  cpuShare: share,
  memoryUsedBytes: bytes,
  memoryBytes: bytes,
  devices: z
    .array(
      z.strictObject({
        index: amount,
        busyShare: share,
        memoryUsedBytes: bytes.nullable(),
        memoryBytes: bytes.nullable(),
        celsius: z.number().nullable(),
        /** Uncorrected ones since the driver was loaded. */
        memoryErrors: z.number().nonnegative().nullable(),
      }),
    )
    .max(64),
  problems: z.array(z.string().max(200)).max(100),
});
export type NodeLoad = z.infer<typeof nodeLoad>;

/** A node's sign of life: `POST /v1/agent/heartbeat`. `ended` is repeated until an answer has arrived. */
export const heartbeatRequest = z.strictObject({
  nodeId: z.string(),
  nodeKey: z.string(),
  incarnation: z.number().int().positive(),
  bootId,
  draining: z.boolean(),
  load: nodeLoad.optional(),
  running: z.array(runningTask),
  ended: z.array(z.strictObject({ leaseId: z.string(), fencing: z.number().int(), endedAtMs: z.number() })),
});
export type HeartbeatRequest = z.infer<typeof heartbeatRequest>;

/** A lease by its id and fencing number. */
export interface LeaseMark {
  readonly leaseId: string;
  readonly fencing: number;
}

/** `stop`: leases that are no longer valid; their processes must end at once. `stale`: register anew after stopping everything. */
export interface HeartbeatAnswer {
  readonly stop: readonly string[];
  readonly stale: boolean;
  /** Stale because another worker has registered with this node's own key: the older one of the two must go. */
  readonly replaced?: boolean;
  /** The node is to ask for no more tasks of its pool's own queue: it drains, or fails too much. Absent where it may. */
  readonly shut?: true;
  /** Leases that give way, or were taken back: their tasks are to save their work and go, within their grace. Absent where there are none. */
  readonly leave?: readonly string[];
  /** By lease, a sentence on why it is to stop or leave. */
  readonly why?: Readonly<Record<string, string>>;
  /** Leases that were taken back before the node named them: never to be begun, and to be reported as ended. */
  readonly refuse?: readonly LeaseMark[];
}
