import {
  LEAST_SHAPE,
  type Remaining,
  type Resources,
  type RunId,
  type RunningLease,
  remaining,
  shapeOf,
  type TaskKey,
} from '../../domain/index.js';

/** Who holds a part of a node, and when that is expected to come free. */
export interface Hold {
  /** The lease's id; of a grant of this cycle the attempt's. */
  readonly id: string;
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly resources: Resources;
  readonly tags: readonly string[];
  /** Tags of those that must not come beside it. */
  readonly apart: readonly string[];
  readonly p50Seconds: number;
  readonly p90Seconds: number;
  readonly doneSeconds: number;
  readonly grantedAtMs: number;
  /** The waiting attempt that gets what it frees; null for whoever is next. */
  readonly keptFor: string | null;
  /** When it is expected to end, by the step at which it stands; see `expectedEnd`. */
  readonly endsAtMs: number;
}

/** Sorts holds by their expected end. */
export const byEnd = (a: Hold, b: Hold): number =>
  a.endsAtMs - b.endsAtMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** The hold that a lease has on what is its share of a node. */
export const holdOf = (lease: RunningLease, resources: Resources, atMs: number): Hold => {
  const { id, runId, taskKey, p50Seconds, p90Seconds, doneSeconds, grantedAtMs, placement, givesWayTo } =
    lease;
  const hold = {
    id,
    runId,
    taskKey,
    resources,
    tags: placement.tags,
    apart: placement.apart,
    p50Seconds,
    p90Seconds,
    doneSeconds,
    grantedAtMs,
    keptFor: givesWayTo,
    endsAtMs: 0,
  };
  return { ...hold, endsAtMs: expectedEnd(hold, atMs) };
};

/** The hold as it stands at a later time. */
export const asOf = (hold: Hold, atMs: number): Hold =>
  hold.endsAtMs > atMs ? hold : { ...hold, endsAtMs: expectedEnd(hold, atMs) };

/**
 * The median of the end; once that has passed, the median of the end given that it has passed, and so on. In steps, so that an
 * expected end, and what is reserved by it, stands still until it is proved wrong. The steps have a closed form: see `remaining`.
 */
const expectedEnd = (hold: Omit<Hold, 'endsAtMs'>, atMs: number): number => {
  const { p50Seconds, p90Seconds, doneSeconds, grantedAtMs } = hold;
  const ranSeconds = doneSeconds + (atMs - grantedAtMs) / 1_000;
  const shape = shapeOf(p50Seconds, p90Seconds);
  const exact = grantedAtMs + (p50Seconds - doneSeconds) * 1_000;
  if (shape < LEAST_SHAPE && exact > atMs) return exact;
  const believed = Math.max(shape, LEAST_SHAPE);
  const odds = 1 + (doneSeconds / p50Seconds) ** (1 / believed);
  const passed = 1 + (Math.max(0, ranSeconds) / p50Seconds) ** (1 / believed);
  const endOf = (step: number) =>
    grantedAtMs + (p50Seconds * (odds * 2 ** step - 1) ** believed - doneSeconds) * 1_000;
  // The logarithm may be off by a step where an end has just come: whoever looks again at each end must find the same as who does not.
  let step = Math.max(1, Math.floor(Math.log2(passed / odds)) + 1);
  while (step > 1 && endOf(step - 1) > atMs) step -= 1;
  while (endOf(step) <= atMs) step += 1;
  return endOf(step);
};

/** How long it is still expected to last, by both quantiles, as known now. */
export const left = (hold: Hold, atMs: number): Remaining =>
  remaining(hold, hold.doneSeconds + Math.max(0, atMs - hold.grantedAtMs) / 1_000);
