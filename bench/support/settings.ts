import type { Pool } from '../../src/domain/index.js';
import type { TemporalSettings } from '../../workers/temporal.js';

/** The nodes of a benchmark's one pool, all alike. */
export interface Hardware {
  readonly pool: Pool;
  readonly nodes?: number;
  readonly slots?: number;
  readonly devices?: number;
  readonly virtualDevices?: boolean;
}

/** What a benchmark hands to its two worker processes. */
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
