import type { Cluster, PieceKind } from '../cluster/index.js';
import type { Plan } from '../decisions.js';
import { PLANNER_VERSION } from '../version.js';
import {
  type Change,
  planText,
  type RecordedChanges,
  type RecordedCycle,
  type RecordedScope,
} from './record.js';

/** Pieces of a part of a snapshot: some 300 kB of tasks. */
const PART = 500;
/** So many changed pieces for one that is restated: what is written grows by a quarter. */
const RESTATE_EVERY = 4;

type PieceKey = readonly [kind: PieceKind, id: string];

/**
 * Records the cycles planned on a cluster: a snapshot first, then with each cycle what has changed since the one before, so that a
 * record costs the same however long the queue is. Each also restates a few pieces that have not changed; once all have been, a
 * reader may begin where that round began, and what is older can be forgotten.
 */
export class Recorder {
  readonly #changed = new Map<PieceKind, Set<string>>();
  /** What has been put into records that are not written for certain yet. */
  #taken: PieceKey[] = [];
  #sequence = 0;
  #settledSequence = 0;
  #base = 0;
  #round: Iterator<PieceKey> | undefined;
  #roundSince = 0;

  constructor(private readonly cluster: Cluster) {
    for (const kind of cluster.kinds) this.#changed.set(kind, new Set());
    cluster.onChange = (kind, id) => void this.#changed.get(kind)?.add(id);
  }

  /** How many pieces have changed since the last record. */
  get pending(): number {
    return [...this.#changed.values()].reduce((sum, ids) => sum + ids.size, 0);
  }

  /** The whole cluster, which must not change before the last part is read: the begin of a new recording. */
  *snapshot(): Generator<RecordedChanges> {
    for (const ids of this.#changed.values()) ids.clear();
    this.#taken = [];
    this.#sequence = 0;
    this.#base = 0;
    this.#round = undefined;
    const keys = [...piecesOf(this.cluster)];
    for (let at = 0; at === 0 || at < keys.length; at += PART) {
      const changes = JSON.stringify(keys.slice(at, at + PART).map((key) => this.#changeOf(key)));
      yield { sequence: this.#sequence++, changes };
    }
    this.#settledSequence = this.#sequence;
  }

  /** The record of a cycle that has just been planned on the cluster as it stands. */
  record(
    cycle: { readonly atMs: number; readonly policyVersion: string; readonly scope: RecordedScope },
    plan: Plan,
  ): RecordedCycle {
    const changes: Change[] = [];
    for (const [kind, ids] of this.#changed) {
      for (const id of ids) changes.push(this.#take([kind, id]));
      ids.clear();
    }
    this.#restate(changes);
    return {
      sequence: this.#sequence++,
      base: this.#base,
      ...cycle,
      plannerVersion: PLANNER_VERSION,
      changes: JSON.stringify(changes),
      plan: planText(plan),
    };
  }

  /** The records so far are written. */
  settled(): void {
    this.#taken = [];
    this.#settledSequence = this.#sequence;
  }

  /** The records since the last that were written never will be: what they told comes again with the next. */
  undone(): void {
    for (const [kind, id] of this.#taken) this.#changed.get(kind)?.add(id);
    this.#taken = [];
    this.#sequence = this.#settledSequence;
    this.#roundSince = Math.min(this.#roundSince, this.#sequence);
  }

  #restate(changes: Change[]): void {
    if (this.#round === undefined) {
      this.#round = piecesOf(this.cluster);
      this.#roundSince = this.#sequence;
    }
    for (let left = 1 + Math.floor(changes.length / RESTATE_EVERY); left > 0; left -= 1) {
      const { value: key } = this.#round.next();
      if (key === undefined) {
        this.#base = this.#roundSince;
        this.#round = undefined;
        return;
      }
      if (this.cluster.get(key[0], key[1]) !== undefined) changes.push(this.#take(key));
    }
  }

  #take(key: PieceKey): Change {
    this.#taken.push(key);
    return this.#changeOf(key);
  }

  #changeOf([kind, id]: PieceKey): Change {
    return [kind, id, this.cluster.get(kind, id) ?? null] as unknown as Change;
  }
}

/** Each piece that is there when its kind's turn comes. */
function* piecesOf(cluster: Cluster): Generator<PieceKey> {
  for (const kind of cluster.kinds) for (const id of [...cluster.ids(kind)]) yield [kind, id];
}
