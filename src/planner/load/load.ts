import type { Rank } from '../../domain/index.js';
import type { Policy } from '../policy/read.js';

/**
 * How loaded a pool is, kept up event by event: the wait that first come, first served would give, and the average size of work.
 * The wait is that of a virtual queue that runs alongside, all its hardware always busy: each arrival adds its work, as forecast
 * at first and as it was once it has ended, and time takes it away at the rate of the pool.
 */
export class PoolLoad {
  #backlogDeviceSeconds = 0;
  #atMs = 0;
  #longestWaitMs = 0;
  #arrivals = 0;
  #totalDeviceSeconds = 0;

  /** Work arrives: a task's, or all of a run's. `size`: the pool's whole size, in the unit of `sizeOf`. */
  arrived(deviceSeconds: number, atMs: number, size: number): void {
    this.#arrivals += 1;
    this.#totalDeviceSeconds += deviceSeconds;
    this.corrected(deviceSeconds, atMs, size);
  }

  /** Work turned out to be so much more, or less, than it was taken for. */
  corrected(deviceSeconds: number, atMs: number, size: number): void {
    const passed = Math.max(0, atMs - this.#atMs) / 1_000;
    this.#backlogDeviceSeconds = Math.max(
      0,
      Math.max(0, this.#backlogDeviceSeconds - passed * size) + deviceSeconds,
    );
    this.#atMs = Math.max(atMs, this.#atMs);
    if (size > 0)
      this.#longestWaitMs = Math.max(this.#longestWaitMs, (this.#backlogDeviceSeconds / size) * 1_000);
  }

  /** The longest wait so far that first come, first served would have given. */
  get longestWaitMs(): number {
    return this.#longestWaitMs;
  }
  get meanDeviceSeconds(): number {
    return this.#arrivals === 0 ? 0 : this.#totalDeviceSeconds / this.#arrivals;
  }
}

/** The rank of work that arrives under such a load. */
export const rankFor = (
  arrivedAtMs: number,
  load: PoolLoad,
  policy: Policy,
  latestStartAtMs: number | null,
): Rank => {
  const { size, order } = policy;
  if (size === undefined || !order.includes('size'))
    return { arrivedAtMs, boundMs: 0, msPerDeviceSecond: 0, latestStartAtMs: null };
  if (size.bound === 'none')
    return { arrivedAtMs, boundMs: null, msPerDeviceSecond: 0, latestStartAtMs: null };
  const boundMs = Math.max(1, size.bound * load.longestWaitMs);
  return {
    arrivedAtMs,
    boundMs,
    msPerDeviceSecond: (size.slope * boundMs) / Math.max(1e-9, load.meanDeviceSeconds),
    latestStartAtMs: policy.deadlines === 'lift' ? latestStartAtMs : null,
  };
};
