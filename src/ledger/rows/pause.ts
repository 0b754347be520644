import type { Act, Pause } from '../../domain/index.js';
import type { HotColumns } from './columns.js';

/** An act that stands, and since when. */
export interface DatedAct extends Act {
  readonly atMs: number;
}

/** A pause; one that has ended stays until the next of its scope and cause. */
export interface PauseRow extends Pause {
  readonly endedAtMs: number | null;
}

export const PAUSES: HotColumns<PauseRow> = {
  key: ['scope', 'cause'],
  columns: {
    scope: 'text',
    cause: 'text',
    by: 'text',
    reason: 'text',
    atMs: 'bigint',
    untilMs: 'bigint',
    endedAtMs: 'bigint',
  },
};
