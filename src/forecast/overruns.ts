import TinyQueue from 'tinyqueue';
import type { Forecast } from '../domain/index.js';

/** How many of the latest siblings count; as for rolling medians. */
const WINDOW = 20;

/** A P90 may be very wide; so many times the P50 says as much. Of 2 and 3 times: mean queue on Philly 3,424 and 3,492 s. */
const MARK = 2;
/** What has passed a mark is taken for so many times that. */
const BEYOND = 1.4;

type Marks = Pick<Forecast, 'p50Seconds' | 'p90Seconds'>;

/** One started sibling and what is known of its runtime. */
interface Sibling {
  readonly id: string;
  readonly family: string;
  readonly startedAtMs: number;
  /** Its runtime once it has ended; before, somewhat more than the last mark that it has passed; unknown until it has passed one. */
  seconds: number | undefined;
  state: 'running' | 'overrunning' | 'ended';
}

/** When a running sibling passes its next mark. */
interface Mark {
  readonly sibling: Sibling;
  readonly seconds: number;
  readonly atMs: number;
}

/**
 * What work that still runs says of work like it. A forecaster learns from what has ended: a batch of equal tasks that all run far
 * longer than forecast would be taken for short until the first of them ends. So a task that passes its P90, or twice its P50, is
 * evidence at once, for more than it has run, and again at each doubling.
 */
export class Overruns {
  readonly #families = new Map<string, Sibling[]>();
  readonly #running = new Map<string, Sibling>();
  /** How many of a family overrun now: of most none does, and they are asked often. */
  readonly #overrunning = new Map<string, number>();
  readonly #marks = new TinyQueue<Mark>([], (a, b) => a.atMs - b.atMs);

  /** A task begins; those of one family have the same inputs. */
  started(family: string, id: string, atMs: number, { p50Seconds, p90Seconds }: Marks): void {
    const sibling: Sibling = { id, family, startedAtMs: atMs, seconds: undefined, state: 'running' };
    const siblings = this.#families.get(family) ?? [];
    siblings.push(sibling);
    if (siblings.length > WINDOW) siblings.shift();
    this.#families.set(family, siblings);
    this.#running.set(id, sibling);
    this.#mark(sibling, Math.min(p90Seconds, MARK * p50Seconds));
  }

  /** It has ended after so long; null where it was cut short, which says nothing. True where something else is to be thought of its family. */
  ended(id: string, seconds: number | null): boolean {
    const sibling = this.#running.get(id);
    if (sibling === undefined) return false;
    this.#running.delete(id);
    const overran = sibling.state === 'overrunning';
    if (overran) this.#count(sibling.family, -1);
    if (seconds !== null || !overran) sibling.seconds = seconds ?? undefined;
    sibling.state = 'ended';
    return overran;
  }

  /** When the next running task passes its mark; infinite where none runs. */
  get nextAtMs(): number {
    return this.#marks.peek()?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Takes note of the marks passed by now; returns the families of which something else is to be thought. */
  pass(atMs: number): ReadonlySet<string> {
    const changed = new Set<string>();
    while (this.nextAtMs <= atMs) {
      const { sibling, seconds } = this.#marks.pop() as Mark;
      if (sibling.state === 'ended') continue;
      if (sibling.state === 'running') this.#count(sibling.family, 1);
      sibling.state = 'overrunning';
      sibling.seconds = BEYOND * seconds;
      changed.add(sibling.family);
      this.#mark(sibling, 2 * seconds);
    }
    return changed;
  }

  /** The median runtime of a family by what has ended and what has overrun; undefined where nothing overruns now. */
  evidence(family: string): number | undefined {
    if (!this.#overrunning.has(family)) return undefined;
    const siblings = this.#families.get(family) ?? [];
    if (!siblings.some(({ state }) => state === 'overrunning')) return undefined;
    const known = siblings.flatMap(({ seconds }) => seconds ?? []).sort((a, b) => a - b);
    return known[known.length >> 1];
  }

  #count(family: string, change: 1 | -1): void {
    const count = (this.#overrunning.get(family) ?? 0) + change;
    if (count > 0) this.#overrunning.set(family, count);
    else this.#overrunning.delete(family);
  }

  #mark(sibling: Sibling, seconds: number): void {
    this.#marks.push({ sibling, seconds, atMs: sibling.startedAtMs + seconds * 1_000 });
  }
}
