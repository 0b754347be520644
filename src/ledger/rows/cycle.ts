import type { Columns } from './columns.js';

/**
 * A planner cycle as it was, or a part of the snapshot that its recording begins with: that has no number, scope or plan. What is
 * JSON is kept as text, so that not a byte of it changes. See `RecordedCycle`.
 */
export interface CycleRow {
  /** The recording that it belongs to: of one process, under one policy. */
  readonly writer: string;
  readonly sequence: number;
  readonly base: number;
  /** Its place in the ordered log, before the events of what it decided. */
  readonly number: number | null;
  readonly atMs: number;
  readonly policyVersion: string;
  readonly plannerVersion: string | null;
  readonly changes: string;
  readonly scope: string | null;
  readonly plan: string | null;
}

export const CYCLES: Columns<CycleRow> = {
  writer: 'text',
  sequence: 'bigint',
  base: 'bigint',
  number: 'bigint',
  atMs: 'bigint',
  policyVersion: 'text',
  plannerVersion: 'text',
  changes: 'text',
  scope: 'text',
  plan: 'text',
};
