import type { Pool } from '../../domain/index.js';
import type { Cluster, PieceKind, Pieces } from '../cluster/index.js';
import type { Plan } from '../decisions.js';
import type { Policy } from '../policy/read.js';

/** A piece of a cluster as it stood, null where it was gone. */
export type Change = {
  readonly [Kind in PieceKind]: readonly [kind: Kind, id: string, piece: Pieces[Kind] | null];
}[PieceKind];

/** What of the cluster a recorded cycle planned: see `Scope`. */
export interface RecordedScope {
  readonly pools: readonly Pool[];
  readonly asked: readonly string[];
}

/** A part of a recording: what has changed since the part before it. Changes are JSON text, a list of `Change`. */
export interface RecordedChanges {
  /** Counts the parts of one recording, from 0. */
  readonly sequence: number;
  readonly changes: string;
}

/** One cycle as it was: what had changed before it, what was planned, and what was decided; the latter as JSON text, byte for byte. */
export interface RecordedCycle extends RecordedChanges {
  /** The part from which on all must be read to know what this cycle was planned on. */
  readonly base: number;
  readonly atMs: number;
  readonly policyVersion: string;
  readonly plannerVersion: string;
  readonly scope: RecordedScope;
  readonly plan: string;
}

/** Decisions as they are recorded and compared. */
export const planText = (plan: Plan): string => JSON.stringify(plan);

/** Puts changes into a cluster. */
export const applyChanges = (cluster: Cluster, changes: string): void => {
  for (const [kind, id, piece] of JSON.parse(changes) as readonly Change[])
    cluster.set(kind, id, (piece as Pieces[typeof kind] | null) ?? undefined);
};

/** Finds the policy of a version, which every record names. */
export type PolicyByVersion = (version: string) => Policy;
