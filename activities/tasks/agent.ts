import type { Lease, NodeId } from '../../src/domain/index.js';

/** The node's agent, as tasks see it: it guards the hardware. */
export interface TaskAgent {
  readonly nodeId: NodeId;
  /**
   * Takes the lease for one attempt; waits while an earlier attempt's processes still hold its hardware. Throws
   * `LeaseRefused` where the lease is another incarnation's, already used, or the node takes no work.
   */
  take(lease: Lease, signal: AbortSignal): Promise<Hold>;
}

/** A lease in use. */
export interface Hold {
  /** Aborts when the node drains: the attempt has its grace to save its work. */
  readonly leave: AbortSignal;
  /** Aborts when the lease is no longer ours: its processes must be gone at once. */
  readonly kill: AbortSignal;
  /** Remembers a process group, so that the next worker of this node can end it should this one be killed. */
  launched(group: number): void;
  /** What the next heartbeats say. */
  report(news: {
    readonly progress?: number;
    readonly memoryBytes?: number | null;
    readonly cpuSeconds?: number | null;
    /** When the newest work was written that a kept checkpoint holds. */
    readonly checkpointAtMs?: number;
    /** As its memory grows now, it reaches what it leases in so long. */
    readonly memoryFullInSeconds?: number;
  }): void;
  /** The attempt's processes have gone: its hardware is free. */
  end(): void;
}

/** This worker may not use the lease. */
export class LeaseRefused extends Error {
  override readonly name = 'LeaseRefused';
}
