import type { Columns } from './columns.js';

/** A policy that was in force at some time, as it was written. Stored once for each content. */
export interface PolicyRow {
  readonly version: string;
  readonly name: string;
  readonly text: string;
  readonly storedAtMs: number;
}

/** A policy comes into force, under the number of its event. */
export interface ActivationRow {
  readonly number: number;
  readonly version: string;
  /** What was in force until then; null before the first. */
  readonly replaced: string | null;
  readonly kind: 'start' | 'activate' | 'rollback';
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

export const POLICIES: Columns<PolicyRow> = {
  version: 'text',
  name: 'text',
  text: 'text',
  storedAtMs: 'bigint',
};

export const ACTIVATIONS: Columns<ActivationRow> = {
  number: 'bigint',
  version: 'text',
  replaced: 'text',
  kind: 'text',
  by: 'text',
  reason: 'text',
  atMs: 'bigint',
};
