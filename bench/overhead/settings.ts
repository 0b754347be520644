import type { TemporalSettings } from '../../workers/temporal.js';
import type { Hardware } from '../support/stage.js';

/** What the benchmark hands to its two worker processes. */
export interface BenchSettings {
  readonly temporal: TemporalSettings;
  readonly databaseUrl: string;
  readonly folder: string;
  readonly workerToken: string;
  readonly hardware: Hardware;
  /** Known to the pool process once the control process listens. */
  readonly apiUrl?: string;
}

/** Reads the settings from the only argument of a worker process. */
export const benchSettings = (): BenchSettings => JSON.parse(process.argv[2] ?? '{}');

/** The chain's length and the burst's width, as the issue of this benchmark names them. */
export const STEPS = 20;
export const BURST = 60;
