import { setTimeout as delay } from 'node:timers/promises';
import { SignalboxError } from '../../../../src/domain/index.js';
import { until } from '../../../../src/embedded/until.js';
import type { Chance } from '../chance.js';
import type { World } from '../system/world.js';
import { large, nextWork, type Work } from './documents.js';

/** A run that the API has accepted. */
export interface Accepted {
  readonly id: string;
  readonly work: Work;
  /** Somebody has cancelled or terminated it by hand. */
  ended: boolean;
}

/** So many runs are kept open: more than the nodes can run at once. */
const OPEN_RUNS = 9;
const LOOK_MS = 500;
/** An outage of the API ends well before that. */
const ACCEPTED_WITHIN_MS = 180_000;

/** The stream of runs: keeps some open until it is told to end. */
export class Stream {
  readonly accepted = new Map<string, Accepted>();
  #open: readonly string[] = [];
  #submitted = 0;
  #ending = false;
  #working: Promise<void> = Promise.resolve();
  #failed: unknown = null;

  constructor(
    private readonly world: World,
    private readonly chance: Chance,
  ) {}

  start(): void {
    this.#working = this.#keepOpen().catch((error) => {
      this.#failed = error;
    });
  }

  /** Submits no more. Throws where a run could not be submitted at all. */
  async end(): Promise<void> {
    this.#ending = true;
    await this.#working;
    if (this.#failed !== null) throw this.#failed;
  }

  /** Runs that were open a moment ago, and that nobody has ended by hand. */
  get open(): readonly Accepted[] {
    return this.#open.flatMap((id) => this.accepted.get(id) ?? []).filter(({ ended }) => !ended);
  }

  async #keepOpen(): Promise<void> {
    await this.#submit(large());
    while (!this.#ending) {
      await this.#look();
      for (let open = this.#open.length; open < OPEN_RUNS && !this.#ending; open++)
        await this.#submit(nextWork(this.chance));
      await delay(LOOK_MS);
    }
  }

  async #look(): Promise<void> {
    const page = await this.world.api.listRuns({ status: 'running', limit: 200 }).catch(() => null);
    if (page !== null) this.#open = page.runs.map(({ id }) => id);
  }

  /** An answer may be lost on the way: the same key gives the same run. */
  async #submit(work: Work): Promise<void> {
    const key = `work-${this.#submitted++}`;
    const { document, priority, tenant } = work;
    const request = { document: JSON.stringify(document), priority, ...(tenant ? { tenant } : {}) };
    await until(`the API to take ${key}`, ACCEPTED_WITHIN_MS, async () => {
      const started = await this.world.api.startRun(request, key).catch((error) => {
        if (error instanceof SignalboxError && error.code === 'budget-exhausted') return null;
        throw error;
      });
      if (started === null) return;
      this.accepted.set(started.run.id, { id: started.run.id, work, ended: false });
      this.#open = [...this.#open, started.run.id];
    });
  }
}
