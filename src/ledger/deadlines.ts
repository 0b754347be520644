import type { RunId, RunSpec } from '../domain/index.js';
import { judge } from './commands/deadlines.js';
import type { Told } from './commands/left-of-run.js';
import type { Database } from './database/database.js';
import type { Command, GroupCommit } from './state/group-commit.js';
import type { Image } from './state/image.js';

/** So long may one sweep take: a twentieth of the usual interval, for nobody else plans meanwhile. What is left over is first in the next. */
const SWEEP_MS = 100;
/** A run with time to spare is looked at again after this share of it, and after a minute at the latest. */
const SHARE = 0.05;
const LATEST_MS = 60_000;

/** What the last look at a run came to; times by the monotonic clock. */
interface Looked {
  readonly deadlineAtMs: number | null;
  readonly dueMs: number;
}

/** Looks at the open runs that have deadlines, the closer to it the more often, those most overdue for it first. */
export class DeadlineWatcher {
  /** Documents of the runs that it watches: they never change. */
  readonly #specs = new Map<RunId, RunSpec>();
  readonly #looked = new Map<RunId, Looked>();

  constructor(
    private readonly commits: GroupCommit,
    private readonly monotonic: () => number,
  ) {}

  /** Judges all that are due, one a batch, lest others wait for it: a run takes a few cycles of the planner. */
  async look(): Promise<void> {
    const sinceMs = this.monotonic();
    const done = new Set<RunId>();
    while (this.monotonic() - sinceMs < SWEEP_MS)
      if (!(await this.commits.run(this.#judgeNext(done)))) return;
  }

  /** Judges the next run that is due and not done; false where there is none. */
  #judgeNext(done: Set<RunId>): Command<boolean> {
    let next: RunId | undefined;
    let told: Told = new Map();
    return {
      prepare: async (database, image) => {
        this.#forget(image);
        next = this.#nextOf(image, done);
        if (next === undefined) return;
        await this.#load(database, next);
        told = await readProgress(database, next);
      },
      apply: (draft) => {
        if (next === undefined) return () => false;
        const runId = next;
        const [run, spec] = [draft.image.runs.get(runId), this.#specs.get(runId)];
        const spareMs = run?.status === 'running' && spec ? judge(draft, run, spec, told) : 0;
        const dueMs = this.monotonic() + Math.min(LATEST_MS, SHARE * Math.max(0, spareMs));
        return () => {
          done.add(runId);
          this.#looked.set(runId, { deadlineAtMs: run?.deadlineAtMs ?? null, dueMs });
          return true;
        };
      },
    };
  }

  #nextOf({ dated, runs }: Image, done: ReadonlySet<RunId>): RunId | undefined {
    const nowMs = this.monotonic();
    let next: RunId | undefined;
    let earliestMs = nowMs;
    for (const runId of dated) {
      if (done.has(runId)) continue;
      const looked = this.#looked.get(runId);
      const isNews = looked === undefined || looked.deadlineAtMs !== runs.get(runId)?.deadlineAtMs;
      const dueMs = isNews ? Number.NEGATIVE_INFINITY : looked.dueMs;
      if (dueMs > earliestMs || (next !== undefined && dueMs === earliestMs)) continue;
      next = runId;
      earliestMs = dueMs;
    }
    return next;
  }

  #forget({ dated }: Image): void {
    for (const runId of this.#looked.keys()) {
      if (dated.has(runId)) continue;
      this.#looked.delete(runId);
      this.#specs.delete(runId);
    }
  }

  async #load({ db }: Database, runId: RunId): Promise<void> {
    if (this.#specs.has(runId)) return;
    const row = await db.selectFrom('specs').select('spec').where('runId', '=', runId).executeTakeFirst();
    if (row) this.#specs.set(runId, JSON.parse(row.spec) as RunSpec);
  }
}

const readProgress = async ({ db }: Database, runId: RunId): Promise<Told> => {
  const rows = await db
    .selectFrom('progress')
    .innerJoin('leases', 'leases.leaseId', 'progress.leaseId')
    .select(['progress.leaseId', 'progress.startedAtMs', 'progress.progress'])
    .where('leases.runId', '=', runId)
    .execute();
  return new Map(rows.map(({ leaseId, ...said }) => [leaseId, said]));
};
