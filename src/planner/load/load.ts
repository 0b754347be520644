import type { Rank } from '../../domain/index.js';
import type { Policy } from '../policy/read.js';

/** A pool's load in numbers, so that it can be stored. */
export interface LoadNumbers {
  readonly backlogDeviceSeconds: number;
  readonly atMs: number;
  readonly longestWaitMs: number;
  readonly arrivals: number;
  readonly totalDeviceSeconds: number;
}

const IDLE: LoadNumbers = {
  backlogDeviceSeconds: 0,
  atMs: 0,
  longestWaitMs: 0,
  arrivals: 0,
  totalDeviceSeconds: 0,
};

/**
 * How loaded a pool is, kept up event by event: the wait that first come, first served would give, and the average size of work.
 * The wait is that of a virtual queue that runs alongside, all its hardware always busy: each arrival adds its work, as forecast
 * at first and as it was once it has ended, and time takes it away at the rate of the pool.
 */
export class PoolLoad {
  #numbers: LoadNumbers;

  constructor(numbers: LoadNumbers = IDLE) {
    this.#numbers = numbers;
  }

  get numbers(): LoadNumbers {
    return this.#numbers;
  }

  /** Work arrives: a task's, or all of a run's. `size`: the pool's whole size, in the unit of `sizeOf`. */
  arrived(deviceSeconds: number, atMs: number, size: number): void {
    const { arrivals, totalDeviceSeconds } = this.#numbers;
    this.#numbers = {
      ...this.#numbers,
      arrivals: arrivals + 1,
      totalDeviceSeconds: totalDeviceSeconds + deviceSeconds,
    };
    this.corrected(deviceSeconds, atMs, size);
  }

  /** Work turned out to be so much more, or less, than it was taken for. */
  corrected(deviceSeconds: number, atMs: number, size: number): void {
    const before = this.#numbers;
    const passed = Math.max(0, atMs - before.atMs) / 1_000;
    const rest = Math.max(0, before.backlogDeviceSeconds - passed * size);
    const backlogDeviceSeconds = Math.max(0, rest + deviceSeconds);
    const waitMs = size > 0 ? (backlogDeviceSeconds / size) * 1_000 : 0;
    this.#numbers = {
      ...before,
      backlogDeviceSeconds,
      atMs: Math.max(atMs, before.atMs),
      longestWaitMs: Math.max(before.longestWaitMs, waitMs),
    };
  }

  /** The longest wait so far that first come, first served would have given. */
  get longestWaitMs(): number {
    return this.#numbers.longestWaitMs;
  }
  get meanDeviceSeconds(): number {
    const { arrivals, totalDeviceSeconds } = this.#numbers;
    return arrivals === 0 ? 0 : totalDeviceSeconds / arrivals;
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
