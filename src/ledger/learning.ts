import type { Observation } from '../domain/index.js';
import type { Forecaster } from '../forecast/index.js';
import type { Database } from './database/database.js';
import type { ObservationRow } from './rows/index.js';
import type { LedgerLog } from './settings.js';

const PAGE = 10_000;
/** Learning gives way to calls after so long: a batch's observations at once kept those that came next waiting for up to 30 ms. */
const SLICE_MS = 2;

/**
 * Feeds settled attempts to the forecaster in the order of their numbers, whoever stored them: each exactly once, and beside the
 * calls, a little at a time.
 */
export class Learning {
  /** The number of the last row that is learned or is yet to be. */
  #last = 0;
  readonly #rows: ObservationRow[] = [];
  /** Rows may be stored beyond those; how often that was said. */
  #behind = true;
  #told = 0;
  #working: Promise<void> | null = null;

  constructor(
    private readonly database: Database,
    private readonly forecaster: Forecaster,
    private readonly log: LedgerLog,
  ) {}

  /** Learns all that is stored by now. */
  async catchUp(): Promise<void> {
    this.#tell();
    while (this.#behind || this.#rows.length > 0) await this.#work();
  }

  /** Another process has stored rows: they are read and learned beside the calls. */
  fallBehind(): void {
    this.#tell();
    this.#workBeside();
  }

  /** Learns rows that this process has just stored; where it is behind, in their turn. */
  learn(rows: readonly ObservationRow[]): void {
    if (rows.length === 0) return;
    if (this.#behind) this.#tell();
    else this.#take(rows);
    this.#workBeside();
  }

  #tell(): void {
    this.#behind = true;
    this.#told += 1;
  }

  #take(rows: readonly ObservationRow[]): void {
    for (const row of rows) {
      if (row.number <= this.#last) continue;
      this.#last = row.number;
      this.#rows.push(row);
    }
  }

  #workBeside(): void {
    this.#work().catch((err) => this.log.warn({ err }, 'what attempts took is learned later'));
  }

  #work(): Promise<void> {
    this.#working ??= this.#untilDone().finally(() => {
      this.#working = null;
    });
    return this.#working;
  }

  async #untilDone(): Promise<void> {
    while (this.#behind || this.#rows.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#rows.length === 0) await this.#read();
      this.#learnSome();
    }
  }

  async #read(): Promise<void> {
    const told = this.#told;
    const rows = await this.database.db
      .selectFrom('observations')
      .selectAll()
      .where('number', '>', this.#last)
      .orderBy('number')
      .limit(PAGE)
      .execute();
    this.#take(rows);
    this.#behind = rows.length === PAGE || this.#told !== told;
  }

  #learnSome(): void {
    const until = performance.now() + SLICE_MS;
    let learned = 0;
    for (const row of this.#rows) {
      if (learned > 0 && performance.now() >= until) break;
      this.forecaster.observe(observationOf(row));
      learned += 1;
    }
    this.#rows.splice(0, learned);
  }
}

const observationOf = ({ estimateSeconds, ...row }: ObservationRow): Observation => ({
  ...row,
  ...(estimateSeconds === null ? {} : { estimateSeconds }),
});
