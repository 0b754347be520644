import TinyQueue from 'tinyqueue';

/** Work in the virtual queue: so much hardware, for as long as it really takes. */
interface VirtualRun {
  readonly id: string;
  readonly arrivedAtMs: number;
  readonly width: number;
  /** Null while it really goes on. */
  lengthMs: number | null;
  /** Null while it waits. */
  startedAtMs: number | null;
}

interface Release {
  readonly atMs: number;
  readonly width: number;
}

/**
 * What first come, first served would do, run alongside: one strict queue for all that arrives, on hardware of the same size. No
 * forecast is in it: a run that has started here gives its hardware back when its time is over, but not before it has really ended,
 * since nobody knows its time before. So it errs towards longer waits while work is held up. A run of many tasks stands in it as
 * wide as its work needs to be done in the time of its longest path.
 */
export class VirtualFifo {
  readonly #runs = new Map<string, VirtualRun>();
  readonly #releases = new TinyQueue<Release>([], (a, b) => a.atMs - b.atMs);
  #waiting: VirtualRun[] = [];
  #head = 0;
  #used = 0;
  #longestWaitMs = 0;

  /** The longest wait so far, of those that still wait too. */
  get longestWaitMs(): number {
    return this.#longestWaitMs;
  }

  /** A run arrives; `width` in the unit of `sizeOf`. */
  arrived(id: string, width: number, atMs: number): void {
    const run: VirtualRun = { id, arrivedAtMs: atMs, width, lengthMs: null, startedAtMs: null };
    this.#runs.set(id, run);
    this.#waiting.push(run);
  }

  /** A run has really ended, and took so long at its width. */
  ended(id: string, lengthMs: number, atMs: number): void {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    run.lengthMs = lengthMs;
    if (run.startedAtMs === null) return;
    this.#releases.push({ atMs: Math.max(atMs, run.startedAtMs + lengthMs), width: run.width });
    this.#runs.delete(id);
  }

  /** Lets the virtual queue go on to a moment, on hardware of this size. */
  advance(nowMs: number, size: number): void {
    for (;;) {
      const clockMs = this.#release(nowMs);
      this.#start(clockMs, size);
      if (clockMs >= nowMs) break;
    }
    const head = this.#waiting[this.#head];
    if (head) this.#longestWaitMs = Math.max(this.#longestWaitMs, nowMs - head.arrivedAtMs);
  }

  /** Gives back what is over first by now; returns when that was, now where nothing is. */
  #release(nowMs: number): number {
    const next = this.#releases.peek();
    if (next === undefined || next.atMs >= nowMs) {
      while ((this.#releases.peek()?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs)
        this.#used -= (this.#releases.pop() as Release).width;
      return nowMs;
    }
    while (this.#releases.peek()?.atMs === next.atMs) this.#used -= (this.#releases.pop() as Release).width;
    return next.atMs;
  }

  #start(clockMs: number, size: number): void {
    for (let run = this.#waiting[this.#head]; run; run = this.#waiting[this.#head]) {
      if (this.#used > 0 && this.#used + run.width > size + 1e-6) break;
      this.#head += 1;
      this.#used += run.width;
      run.startedAtMs = Math.max(clockMs, run.arrivedAtMs);
      this.#longestWaitMs = Math.max(this.#longestWaitMs, run.startedAtMs - run.arrivedAtMs);
      if (run.lengthMs !== null) this.ended(run.id, run.lengthMs, run.startedAtMs);
    }
    if (this.#head < 1_000) return;
    this.#waiting = this.#waiting.slice(this.#head);
    this.#head = 0;
  }
}
