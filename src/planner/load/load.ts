import { byArrival, type Rank } from '../../domain/index.js';
import type { Policy } from '../policy/read.js';
import { VirtualFifo } from './virtual-fifo.js';

/** What a pool's load has come to so far, in numbers that can be stored. */
export interface LoadNumbers {
  /** The longest wait that first come, first served would have given. */
  readonly longestWaitMs: number;
  /** The longest that all unfinished work, as forecast, would have taken the whole pool. */
  readonly longestDrainMs: number;
  /** Runs that arrived, and their work as forecast then. */
  readonly arrivals: number;
  readonly deviceSeconds: number;
  /** Runs that ended, and the time that their work took at its width. */
  readonly ends: number;
  readonly lengthMs: number;
}

const IDLE: LoadNumbers = { longestWaitMs: 0, longestDrainMs: 0, arrivals: 0, deviceSeconds: 0, ends: 0, lengthMs: 0 };

/** How loaded a pool is, kept up event by event: a virtual queue that runs alongside, what is unfinished, and what runs are like. */
export class PoolLoad {
  readonly #fifo = new VirtualFifo();
  #unfinishedDeviceSeconds = 0;
  #numbers: LoadNumbers;

  /** `numbers` as they were stored; the runs that are open since then are to be told again by `resumed`. */
  constructor(numbers: LoadNumbers = IDLE) {
    this.#numbers = numbers;
  }

  get numbers(): LoadNumbers {
    return this.#numbers;
  }

  /** A run arrives, with so much work in this pool; its width is that work by its longest path, in the unit of `sizeOf`. */
  arrived(id: string, deviceSeconds: number, width: number, atMs: number): void {
    const { arrivals, deviceSeconds: before, ...rest } = this.#numbers;
    this.#numbers = { ...rest, arrivals: arrivals + 1, deviceSeconds: before + deviceSeconds };
    this.resumed(id, deviceSeconds, width, atMs);
  }

  /** A run is open from before: it is counted already. */
  resumed(id: string, deviceSeconds: number, width: number, atMs: number): void {
    this.#unfinishedDeviceSeconds += deviceSeconds;
    this.#fifo.arrived(id, width, atMs);
  }

  /** What is unfinished became so much more, or, where a task has ended, less. */
  changed(deviceSeconds: number): void {
    this.#unfinishedDeviceSeconds += deviceSeconds;
  }

  /** A run has ended; its work at its width took so long. */
  ended(id: string, lengthMs: number, atMs: number): void {
    const { ends, lengthMs: before, ...rest } = this.#numbers;
    this.#numbers = { ...rest, ends: ends + 1, lengthMs: before + lengthMs };
    this.#fifo.ended(id, lengthMs, atMs);
  }

  /** Lets the virtual queue go on; `size`: the pool's, in the unit of `sizeOf`. */
  advance(nowMs: number, size: number): void {
    if (size <= 0) return;
    this.#fifo.advance(nowMs, size);
    const longestWaitMs = Math.max(this.#numbers.longestWaitMs, this.#fifo.longestWaitMs);
    const longestDrainMs = Math.max(this.#numbers.longestDrainMs, (this.#unfinishedDeviceSeconds / size) * 1_000);
    if (longestWaitMs > this.#numbers.longestWaitMs || longestDrainMs > this.#numbers.longestDrainMs)
      this.#numbers = { ...this.#numbers, longestWaitMs, longestDrainMs };
  }
}

/** Where running work of the same class makes room for an overdue task, size alone may decide until then. */
const makesRoom = ({ preemption }: Policy): boolean => preemption?.victims === 'larger-remaining';

/** What the longest drain is multiplied by, with the policy's bound, for the most that size may hold back. On Philly 2, 3, 4, 8 for both together: mean queue 3,546, 3,424, 3,502, 3,339 s, max 1.44, 1.43, 1.47, 1.51 × FIFO's. */
const DRAINS = 4;
/** Work of so many times the average size is held back by 63% of the bound. Between 1 and 5 the mean and the max trade within 5% and 15%. */
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
  const boundMs = size.bound === 'none' || makesRoom(policy) ? null : Math.max(1, DRAINS * size.bound * longestDrainMs);
  const levelDeviceSeconds = Math.max(1e-9, (LEVEL * deviceSeconds) / Math.max(1, arrivals));
  return { arrivedAtMs, boundMs, levelDeviceSeconds, dueAtMs };
};

/** Before there is a longest wait to go by: so many times the mean length of a run. Of 0, 1, 2, 3, 4 on Philly: mean queue 444, 411, 397, 383, 371 s. */
const LEAST_PATIENCE = 3;

/**
 * How long a task waits before its size no longer counts: the policy's bound times the longest wait that first come, first served
 * would have given. Only where others make room for it then: elsewhere room has to drain first, so there age counts in the key from
 * the start. Infinite where the policy bounds nothing.
 */
export const patienceFor = ({ numbers: { longestWaitMs, ends, lengthMs } }: PoolLoad, policy: Policy): number => {
  const { size, order } = policy;
  if (size === undefined || !order.includes('size') || size.bound === 'none' || !makesRoom(policy)) return Number.POSITIVE_INFINITY;
  return Math.max(size.bound * longestWaitMs, (LEAST_PATIENCE * lengthMs) / Math.max(1, ends));
};
