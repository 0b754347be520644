import type { RunForecast } from '../../domain/index.js';
import type { RunRecord } from '../contract.js';
import type { RunRow } from '../rows/index.js';

/** A run's row without what is the ledger's own. */
export const recordOf = (row: RunRow): RunRecord => ({
  runId: row.runId,
  pipeline: row.pipeline,
  tenant: row.tenant,
  priorityClass: row.priorityClass,
  status: row.status,
  paused: row.paused,
  deadlineAtMs: row.deadlineAtMs,
  createdAtMs: row.createdAtMs,
  endedAtMs: row.endedAtMs,
  error: row.error,
  forecast: whole(row.forecast),
  outlook: row.outlook && whole(row.outlook),
});

/** Older versions stored less of a forecast. */
const whole = <Kept extends Partial<RunForecast>>(forecast: Kept): Kept & RunForecast =>
  ({ inTheWay: [], offers: [], ...forecast }) as unknown as Kept & RunForecast;
