import type { Database } from './database/database.js';
import { forgetCycles } from './queries/cycles.js';

/** How long the planner's cycles are kept where nothing else is said: a week's questions. */
export const AUDIT_DAYS = 7;

const DAY_MS = 86_400_000;
/** How often it is looked for what is old. */
const EVERY_MS = 600_000;

/** Forgets recorded cycles that are older than so many days: a little at a call, now and then. */
export class Forgetting {
  #dueMs = 0;

  constructor(
    private readonly database: Database,
    private readonly days: number,
    private readonly monotonic: () => number,
  ) {}

  /** To be called every now and then. */
  async turn(atMs: number): Promise<void> {
    if (this.monotonic() < this.#dueMs) return;
    const isMore = await forgetCycles(this.database, atMs - this.days * DAY_MS);
    if (!isMore) this.#dueMs = this.monotonic() + EVERY_MS;
  }
}
