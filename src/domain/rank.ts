/**
 * What a task's place within its class and tenant is made from. Frozen when its run arrives; only the work that is left
 * changes it: age is in it, so that it need not change by the passing of time.
 */
export interface Rank {
  /** When its run arrived. */
  readonly arrivedAtMs: number;
  /** How long its size may hold it back at most; null where size alone decides; 0 where arrival alone does. */
  readonly boundMs: number | null;
  /** What a device-second of remaining work holds it back by, while that is little beside the bound. */
  readonly msPerDeviceSecond: number;
  /** When it must have started to meet its deadline, where the policy lifts it in time; null for none. */
  readonly latestStartAtMs: number | null;
}

/** First come, first served. */
export const byArrival = (arrivedAtMs: number): Rank => ({
  arrivedAtMs,
  boundMs: 0,
  msPerDeviceSecond: 0,
  latestStartAtMs: null,
});

/**
 * The key that orders a queue, the smallest first: arrival plus a hold-back that grows with the work that is left and never
 * exceeds the bound, so that whoever has waited longer than the bound goes before all that come later.
 */
export const keyOf = (rank: Rank, remainingDeviceSeconds: number): number => {
  const { arrivedAtMs, boundMs, msPerDeviceSecond, latestStartAtMs } = rank;
  if (boundMs === null) return remainingDeviceSeconds;
  const heldBack =
    boundMs === 0 ? 0 : boundMs * -Math.expm1((-msPerDeviceSecond * remainingDeviceSeconds) / boundMs);
  const key = arrivedAtMs + heldBack;
  return latestStartAtMs === null ? key : Math.min(key, latestStartAtMs - boundMs);
};
