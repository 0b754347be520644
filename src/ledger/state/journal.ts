import { randomBytes } from 'node:crypto';
import { type Cluster, type Plan, type RecordedScope, Recorder } from '../../planner/index.js';
import type { Database } from '../database/database.js';
import type { CycleRow } from '../rows/index.js';

/** A recording with nothing new for so long begins anew: what it began with may have been forgotten (see `forgetCycles`). */
const LONGEST_SILENCE_MS = 12 * 3_600_000;
/** More than this is written in parts, beside the batch: some MB of tasks. */
const MOST_PENDING = 5_000;

/** Under which policy, and when. */
interface When {
  readonly policyVersion: string;
  readonly atMs: number;
}

/**
 * Records the planner's cycles of one image. A recording (a `writer`) begins with a snapshot of its own; its cycles are written with
 * the batches that they were planned for. A new one begins with each image, with each policy, and where more has changed than
 * fits into a batch.
 */
export class Journal {
  readonly #recorder: Recorder;
  #writer = '';
  #begun: When | undefined;

  constructor(cluster: Cluster) {
    this.#recorder = new Recorder(cluster);
  }

  /** Begins a new recording where the next cycle could not be read from this one. To be awaited before each batch. */
  async prepare(database: Database, when: When): Promise<void> {
    if (!this.#mustBegin(when)) return;
    this.#writer = randomBytes(8).toString('hex');
    this.#begun = undefined;
    for (const part of this.#recorder.snapshot()) {
      const row = { ...part, ...when, writer: this.#writer, base: 0, ...NO_CYCLE };
      await database.db.insertInto('cycles').values(row).execute();
    }
    this.#begun = when;
  }

  #mustBegin({ policyVersion, atMs }: When): boolean {
    const { policyVersion: before, atMs: lastMs } = this.#begun ?? {};
    if (before !== policyVersion || this.#recorder.pending > MOST_PENDING) return true;
    return lastMs !== undefined && atMs - lastMs > LONGEST_SILENCE_MS;
  }

  /** The row of a cycle that has just been planned, under its number in the ordered log. */
  record(number: number, cycle: When & { readonly scope: RecordedScope }, plan: Plan): CycleRow {
    this.#begun = { policyVersion: cycle.policyVersion, atMs: cycle.atMs };
    const { scope, ...record } = this.#recorder.record(cycle, plan);
    return { number, writer: this.#writer, ...record, scope: JSON.stringify(scope) };
  }

  /** The batch is written. */
  settled(): void {
    this.#recorder.settled();
  }

  /** The batch is taken back, and will be made again. */
  undone(): void {
    this.#recorder.undone();
  }
}

/** A part of a snapshot holds no cycle. */
const NO_CYCLE = { number: null, plannerVersion: null, scope: null, plan: null };
