/** The spans by which money is counted: those of UTC, for a tenant's people may sit anywhere. */
export type Period = 'hour' | 'day' | 'month';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** When the period began that a moment is in. */
export const periodStart = (period: Period, atMs: number): number => begins(period, atMs, 0);

/** When the next one begins. */
export const periodEnd = (period: Period, atMs: number): number => begins(period, atMs, 1);

const begins = (period: Period, atMs: number, ahead: 0 | 1): number => {
  if (period !== 'month') {
    const lengthMs = period === 'hour' ? HOUR_MS : DAY_MS;
    return (Math.floor(atMs / lengthMs) + ahead) * lengthMs;
  }
  const date = new Date(atMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead, 1);
};
