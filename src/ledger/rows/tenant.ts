import type { Period } from '../../domain/index.js';
import type { HotColumns } from './columns.js';

/** What a tenant had used by a moment, in device-seconds; it decays from there. */
export interface TenantRow {
  readonly tenant: string;
  readonly deviceSeconds: number;
  readonly atMs: number;
}

/**
 * What work that began in a period has cost so far, once it has ended, in micro-dollars: a tenant's by day and month, and that of all
 * tenants together (`tenant` is empty) by hour and day.
 */
export interface SpendingRow {
  readonly tenant: string;
  readonly period: Period;
  /** When the period began. */
  readonly sinceMs: number;
  readonly microUsd: number;
  /** What of that went beyond what was reserved. */
  readonly overrunMicroUsd: number;
  /** The limit at which the breaker over all tenants opened in it; null where it has not. */
  readonly openedAtMicroUsd: number | null;
}

export const TENANTS: HotColumns<TenantRow> = {
  key: ['tenant'],
  columns: { tenant: 'text', deviceSeconds: 'double precision', atMs: 'bigint' },
};

export const SPENDING: HotColumns<SpendingRow> = {
  key: ['tenant', 'period', 'sinceMs'],
  columns: {
    tenant: 'text',
    period: 'text',
    sinceMs: 'bigint',
    microUsd: 'bigint',
    overrunMicroUsd: 'bigint',
    openedAtMicroUsd: 'bigint',
  },
};
