/** What a task's place within its class is made from: events change it, the passing of time does not. */
export interface Rank {
  /** When its run arrived. */
  readonly arrivedAtMs: number;
  /** How long its size may hold it back at most; 0 where arrival alone counts, null where size alone does. */
  readonly boundMs: number | null;
  /** The work, in device-seconds, that is held back by 63% of the bound. */
  readonly levelDeviceSeconds: number;
  /** When it must start to meet its deadline, where the policy lifts it then; null for never. */
  readonly dueAtMs: number | null;
}

/** First come, first served. */
export const byArrival = (arrivedAtMs: number): Rank => ({
  arrivedAtMs,
  boundMs: 0,
  levelDeviceSeconds: 1,
  dueAtMs: null,
});

/**
 * What orders those that are not overdue, the least first: the work that is left of the run; or its arrival and a hold-back that
 * grows with that work and never exceeds the bound, so that nothing that arrives later than the bound can go before it.
 */
export const keyOf = (
  { arrivedAtMs, boundMs, levelDeviceSeconds }: Rank,
  remainingDeviceSeconds: number,
): number => {
  if (boundMs === null) return remainingDeviceSeconds;
  if (boundMs === 0) return arrivedAtMs;
  return arrivedAtMs - boundMs * Math.expm1(-remainingDeviceSeconds / levelDeviceSeconds);
};
