import { byArrival, type Rank } from '../../domain/index.js';
import type { Policy } from '../policy/read.js';

/** What a pool's load has come to so far, in numbers that can be stored. */
export interface LoadNumbers {
  /** Forecast work of the runs that have not ended, those that run in full. */
  readonly unfinishedDeviceSeconds: number;
  /** The longest that this would have taken the whole pool. */
  readonly longestDrainMs: number;
  /** The longest wait that first come, first served would have given. */
  readonly longestWaitMs: number;
  /** Runs that arrived, and their work as forecast then. */
  readonly arrivals: number;
  readonly deviceSeconds: number;
  /** Runs that ended, and the time that their work took at its width. */
  readonly ends: number;
  readonly lengthMs: number;
}

const IDLE: LoadNumbers = {
  unfinishedDeviceSeconds: 0,
  longestDrainMs: 0,
  longestWaitMs: 0,
  arrivals: 0,
  deviceSeconds: 0,
  ends: 0,
  lengthMs: 0,
};

/** How loaded a pool is, kept up event by event. */
export class PoolLoad {
  #numbers: LoadNumbers;

  constructor(numbers: LoadNumbers = IDLE) {
    this.#numbers = numbers;
  }

  get numbers(): LoadNumbers {
    return this.#numbers;
  }

  /** A run arrives with so much work for this pool; `size`: the pool's, in the unit of `sizeOf`. */
  arrived(deviceSeconds: number, size: number): void {
    const { arrivals, deviceSeconds: before } = this.#numbers;
    this.#numbers = { ...this.#numbers, arrivals: arrivals + 1, deviceSeconds: before + deviceSeconds };
    this.changed(deviceSeconds, size);
  }

  /** What is unfinished became so much more, or, where a task has ended, less. */
  changed(deviceSeconds: number, size: number): void {
    const unfinishedDeviceSeconds = Math.max(0, this.#numbers.unfinishedDeviceSeconds + deviceSeconds);
    const drainMs = size > 0 ? (unfinishedDeviceSeconds / size) * 1_000 : 0;
    const longestDrainMs = Math.max(this.#numbers.longestDrainMs, drainMs);
    this.#numbers = { ...this.#numbers, unfinishedDeviceSeconds, longestDrainMs };
  }

  /** A run has ended; its work at its width took so long. */
  ended(lengthMs: number): void {
    const { ends, lengthMs: before } = this.#numbers;
    this.#numbers = { ...this.#numbers, ends: ends + 1, lengthMs: before + lengthMs };
  }

  /** First come, first served would have given such a wait by now; see `VirtualFifo`. */
  waited(longestWaitMs: number): void {
    if (longestWaitMs > this.#numbers.longestWaitMs) this.#numbers = { ...this.#numbers, longestWaitMs };
  }
}

/** Where running work of the same class makes room for an overdue task, size alone may decide until then. */
const makesRoom = ({ preemption }: Policy): boolean => preemption?.victims === 'larger-remaining';

/** The most that size may hold back, for a bound of 1: so many times the longest drain. On Philly 2 and 3: mean queue 3,546 and 3,424 s, max 1.44 and 1.43 × FIFO's; 4 and 8 (with other constants for siblings): 3,502 and 3,339 s, max 1.47 and 1.51. */
const DRAINS = 3;
/** Work of so many times the average size is held back by 63% of the bound. On Philly 1 and 3: mean queue 3,571 and 3,524 s, max 1.44 and 1.28 × FIFO's; 3 and 5, at a larger bound: 3,502 and 3,335 s, 1.47 and 1.60. */
const LEVEL = 3;

/** The rank of a run that arrives under such a load; all its tasks share it. */
export const rankFor = (
  arrivedAtMs: number,
  { numbers: { arrivals, deviceSeconds, longestDrainMs } }: PoolLoad,
  policy: Policy,
  latestStartAtMs: number | null,
): Rank => {
  const { order, size, deadlines } = policy;
  const dueAtMs = deadlines === 'lift' ? latestStartAtMs : null;
  if (size === undefined || !order.includes('size')) return { ...byArrival(arrivedAtMs), dueAtMs };
  const boundMs =
    size.bound === 'none' || makesRoom(policy) ? null : Math.max(1, DRAINS * size.bound * longestDrainMs);
  const levelDeviceSeconds = Math.max(1e-9, (LEVEL * deviceSeconds) / Math.max(1, arrivals));
  return { arrivedAtMs, boundMs, levelDeviceSeconds, dueAtMs };
};

/** Before there is a longest wait to go by: so many times the mean length of a run. In a study program, of 0, 1, 2, 3, 4 on Philly: mean queue 444, 411, 397, 383, 371 s. */
const LEAST_PATIENCE = 3;

/**
 * The virtual queue's longest wait errs to the long side, in a study program on seventeen traces by 1.0 to 2.6 times. With this factor the longest wait
 * came to 0.7 to 1.8 times FIFO's. Below 1 over the bound, or a task could wait for a wait that it causes itself.
 */
const LAG = 0.75;

/**
 * How long a task waits before its size no longer counts: the policy's bound times the longest wait that first come, first served
 * would have given. Only where others make room for it then: elsewhere room has to drain first, so there age counts in the key from
 * the start. Infinite where the policy bounds nothing, and before any run has ended.
 */
export const patienceFor = (
  { numbers: { longestWaitMs, ends, lengthMs } }: PoolLoad,
  policy: Policy,
): number => {
  const { size, order } = policy;
  if (size === undefined || !order.includes('size') || size.bound === 'none' || !makesRoom(policy))
    return Number.POSITIVE_INFINITY;
  if (ends === 0) return Number.POSITIVE_INFINITY;
  return Math.max(LAG * size.bound * longestWaitMs, (LEAST_PATIENCE * lengthMs) / ends);
};
