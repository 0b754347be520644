import type { Node, Pause, RunningLease } from '../../domain/index.js';
import type { Spending, Spent } from './spending.js';
import type { Use } from './tenant-use.js';
import type { WaitingTask } from './waiting-task.js';

/**
 * All that a cluster is made of, by kind and id. Whatever a cycle reads must be a piece: pieces are what is recorded of a cycle, and
 * from them it is replayed. A piece is plain JSON without `undefined`, infinities and the like, and is replaced, never changed.
 */
export interface Pieces {
  readonly node: Node;
  readonly lease: RunningLease;
  readonly task: WaitingTask;
  /** What a tenant has used of late. */
  readonly use: Use;
  /** By tenant. */
  readonly spent: Spent;
  /** What all tenants together have spent; under one id. */
  readonly spending: Spending;
  /** By scope and cause. */
  readonly pause: Pause;
  /** By what it guards: `pool/gpu`, `endpoint/api.example.com`; absent where all may pass. */
  readonly gate: Gate;
  /** How many milliseconds a task waits in a pool before its size no longer counts; where there is none, for ever. */
  readonly patience: number;
}

/** A breaker that is not closed, or a slow start: so many attempts may pass for now. */
export interface Gate {
  readonly startsLeft: number;
  readonly detail: string;
  /** When it should let something through again; null where that is a matter of moments. */
  readonly untilMs: number | null;
}

export type PieceKind = keyof Pieces;

/** How the pieces of one kind are kept. */
export interface PieceStore<Piece> {
  get(id: string): Piece | undefined;
  /** Puts a piece in its place, or takes it away. */
  set(id: string, piece: Piece | undefined): void;
  /** The ids of all that are there. */
  ids(): Iterable<string>;
}
