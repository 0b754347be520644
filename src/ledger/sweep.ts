import { fenceNode, freeUnbound, loseNode, type Pulse } from './commands/nodes.js';
import { wake } from './commands/wake.js';
import type { Database } from './database/database.js';
import type { LeaseRow, NodeTiming } from './rows/index.js';
import type { GroupCommit } from './state/group-commit.js';

interface Watched extends Pulse {
  readonly pool: string;
  readonly lost: boolean;
  /** How long its count of heartbeats has stood still, by our monotonic clock. */
  readonly silentMs: number;
  readonly timing: NodeTiming;
}

/** A lease that gives way is told so again after so long: the most that a grace usually is, and then some. */
const REMIND_MS = 60_000;

/**
 * Judges which nodes live. Wall clocks jump and differ between machines, so a node is silent for as long as this process
 * has not seen its count of heartbeats change; after a restart of the process the waiting begins anew. A node is judged by what it
 * was told when it registered, for that is when it stops its tasks.
 */
export class Sweeper {
  readonly #lastChange = new Map<string, { readonly pulse: Pulse; readonly atMs: number }>();
  readonly #unbound = new Map<string, readonly Pulse[]>();
  /** When each lease that gives way was first seen to, or was last told again. */
  readonly #givingWay = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly commits: GroupCommit,
    private readonly monotonic: () => number,
  ) {}

  /** Marks overdue nodes lost, and frees what lost nodes and forgotten bare slots held once that is safe. */
  async sweep(): Promise<void> {
    const nodes = await this.#watch();
    for (const node of nodes) await this.#judge(node);
    await this.#freeUnbound(nodes);
    await this.#wake();
    await this.#forgetProgress();
  }

  async #wake(): Promise<void> {
    const nowMs = this.monotonic();
    const seen = new Set<string>();
    const isLate = ({ leaseId }: LeaseRow): boolean => {
      seen.add(leaseId);
      const sinceMs = this.#givingWay.get(leaseId);
      const late = sinceMs !== undefined && nowMs - sinceMs >= REMIND_MS;
      if (late || sinceMs === undefined) this.#givingWay.set(leaseId, nowMs);
      return late;
    };
    await this.commits.run(wake(isLate));
    for (const leaseId of this.#givingWay.keys()) if (!seen.has(leaseId)) this.#givingWay.delete(leaseId);
  }

  async #watch(): Promise<readonly Watched[]> {
    const rows = await this.database.db
      .selectFrom('nodes')
      .select(['nodeId', 'incarnation', 'beat', 'pool', 'state', 'told'])
      .execute();
    const nowMs = this.monotonic();
    return rows.map(({ pool, state, told, ...pulse }) => {
      const last = this.#lastChange.get(pulse.nodeId);
      const changed = last === undefined || !samePulse(last.pulse, pulse);
      if (changed) this.#lastChange.set(pulse.nodeId, { pulse, atMs: nowMs });
      const silentMs = changed ? 0 : nowMs - last.atMs;
      return { ...pulse, pool, lost: state === 'lost', silentMs, timing: told ?? this.commits.policy };
    });
  }

  async #judge(node: Watched): Promise<void> {
    if (!node.lost && node.silentMs >= node.timing.selfFenceSeconds * 1_000) {
      await this.commits.run(loseNode(node, node.silentMs / 1_000));
    }
    if (node.lost && this.#isFenced(node)) await this.commits.run(fenceNode(node));
  }

  /** By then it has stopped its tasks: one heartbeat more, for its count begins when it last had an answer, not when it asked. */
  #isFenced({ silentMs, timing }: Watched): boolean {
    const { selfFenceSeconds, graceSeconds, heartbeatSeconds } = timing;
    return silentMs >= (selfFenceSeconds + graceSeconds + heartbeatSeconds) * 1_000;
  }

  /**
   * A revoked lease on bare slots that no node has spoken of: once each node of the pool has sent two heartbeats without it, the
   * second of them begun after the revocation, none of them runs it.
   */
  async #freeUnbound(nodes: readonly Watched[]): Promise<void> {
    const leases = await this.database.db
      .selectFrom('leases')
      .select(['leaseId', 'pool'])
      .where('state', '=', 'revoked')
      .where('nodeId', 'is', null)
      .execute();
    const known = new Set<string>(leases.map(({ leaseId }) => leaseId));
    for (const leaseId of this.#unbound.keys()) if (!known.has(leaseId)) this.#unbound.delete(leaseId);
    const free = leases.filter(({ leaseId, pool }) => {
      const suspects = this.#unbound.get(leaseId) ?? nodes.filter((node) => node.pool === pool);
      this.#unbound.set(leaseId, suspects);
      return suspects.every((suspect) => this.#isCleared(suspect, nodes));
    });
    if (free.length > 0) await this.commits.run(freeUnbound(free.map(({ leaseId }) => leaseId)));
  }

  #isCleared(suspect: Pulse, nodes: readonly Watched[]): boolean {
    const now = nodes.find(({ nodeId }) => nodeId === suspect.nodeId);
    if (now === undefined || now.incarnation !== suspect.incarnation) return true;
    return now.beat >= suspect.beat + 2 || (now.lost && this.#isFenced(now));
  }

  /** What was said of leases that are free by now is of no use any more. */
  async #forgetProgress(): Promise<void> {
    await this.database.db
      .deleteFrom('progress')
      .where((row) =>
        row.not(
          row.exists(
            row
              .selectFrom('leases')
              .select('leases.leaseId')
              .whereRef('leases.leaseId', '=', 'progress.leaseId')
              .where('leases.state', '<>', 'released'),
          ),
        ),
      )
      .execute();
  }
}

const samePulse = (a: Pulse, b: Pulse): boolean => a.incarnation === b.incarnation && a.beat === b.beat;
