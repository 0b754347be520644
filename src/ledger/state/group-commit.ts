import { SignalboxError } from '../../domain/index.js';
import type { Policy } from '../../planner/index.js';
import { type Commit, type Database, unavailable } from '../database/database.js';
import { readStoredPolicy } from '../queries/policies.js';
import type { LedgerLog } from '../settings.js';
import { runCycle } from './cycle.js';
import { Draft, type Surroundings } from './draft.js';
import type { Image } from './image.js';
import { catchUp, loadImage } from './sync.js';

/** A call that changes the hot state. Pure but for the draft, so that it can be made again on a newer image. */
export interface Command<Answer> {
  /** Loads what the image lacks for it; before the batch begins. */
  prepare?(database: Database, image: Image): Promise<void>;
  /** Makes the changes; the returned function gives the answer once the planner has run. Throws to refuse: its changes are taken back. */
  apply(draft: Draft): () => Answer;
}

interface Waiting {
  readonly command: Command<unknown>;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/** More calls in one statement make all of them wait for its size. */
const MAX_BATCH = 500;
/**
 * After another process has written, batches wait for their turn and are made once, on what all others have written; after so many
 * without anything new they are made at once again. Of the 4,800 to 5,500 transitions/s of one process under full load, on 2 cores with
 * Postgres, two that made theirs at once, and again when overtaken, came to 2,980 and three to 1,710, with refusals; in turn 3,130 and
 * 2,350. At 1,000/s the p99 of `advance` fell from 7.5 and 11.7 s to 0.2 and 0.3 s, and the slowest of three from 0.28 of its share to 0.91.
 */
const ALONE_AFTER = 20;

/** What the group commit works with. */
export interface GroupCommitParts {
  readonly database: Database;
  readonly surroundings: Surroundings;
  readonly clock: () => number;
  readonly log: LedgerLog;
  /** Done first under each policy, the one at the start included: settles what waits. */
  readonly settleAnew: Command<void>;
  /** Called after each commit, before the answers. */
  readonly onCommitted: (draft: Draft) => void;
  /** Called when another process has written. */
  readonly onOvertaken: () => void;
}

/**
 * One planner at a time: calls that arrive while a commit is under way are applied together next, planned in one cycle and
 * written by one statement. Where the head has moved on (another process wrote) the batch waits for its turn, the image catches up,
 * and the batch is made again; nobody can write before it is written.
 * Where a batch fails the image is made anew and its calls are retried one by one, so that a bad one fails alone. Where the head names
 * another policy, the batch is made under that one: none is planned by a policy that is no longer in force when it is written.
 */
export class GroupCommit {
  #queue: Waiting[] = [];
  #working: Promise<void> | null = null;
  #stale = false;
  /** What waits is yet to be settled under the policy in force. */
  #unsettled = true;
  /** Batches since another process wrote. */
  #alone = ALONE_AFTER;

  constructor(
    private readonly parts: GroupCommitParts,
    private image: Image,
  ) {}

  /** Runs a command in the next batch. */
  run<Answer>(command: Command<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ command, resolve: resolve as (answer: unknown) => void, reject });
      this.#working ??= this.#work();
    });
  }

  /** The policy that the next cycle is planned by, as far as this process knows. */
  get policy(): Policy {
    return this.image.policy;
  }

  /** The image while nothing is under way, so that all of it is written; null else. */
  get settledImage(): Image | null {
    return this.#working || this.#stale ? null : this.image;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#working) await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MAX_BATCH);
      try {
        await this.#commit(batch);
      } catch (error) {
        this.#stale = true;
        if (batch.length === 1) batch[0]?.reject(unavailable(error));
        else await this.#oneByOne(batch, error);
      }
    }
    // In the same step as the last look at the queue: a call that comes now must begin work of its own.
    this.#working = null;
  }

  async #oneByOne(batch: readonly Waiting[], cause: unknown): Promise<void> {
    this.parts.log.warn(
      { err: cause, calls: batch.length },
      'a batch failed; its calls are retried one by one',
    );
    for (const call of batch) {
      await this.#commit([call]).catch((error) => {
        this.#stale = true;
        call.reject(unavailable(error));
      });
    }
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const { database } = this.parts;
    if (this.#stale) {
      this.image = await loadImage(database, this.image.policy);
      this.parts.onOvertaken();
      this.#stale = false;
    }
    // A long snapshot is not made while others wait for their turn, where that can be foreseen.
    await this.#keepJournal();
    if (this.#alone >= ALONE_AFTER && (await this.#make(batch, database.commit))) return;
    await database.inTurn(async (commit) => {
      await this.#catchUp();
      if (!(await this.#make(batch, commit)))
        throw new SignalboxError('ledger-unavailable', 'Another process wrote out of its turn.');
    });
  }

  async #catchUp(): Promise<void> {
    const { version } = this.image.head;
    await catchUp(this.parts.database, this.image);
    if (this.image.head.version === version) this.#alone += 1;
    else {
      this.#alone = 0;
      this.parts.onOvertaken();
    }
  }

  /** False where another process has written since. */
  async #make(batch: readonly Waiting[], commit: Commit): Promise<boolean> {
    const { database } = this.parts;
    await this.#keepPolicy();
    const calls = this.#unsettled ? [this.#settleAnew(), ...batch] : batch;
    for (const { command } of calls) await command.prepare?.(database, this.image);
    await this.#keepJournal();
    if (!(await this.#attempt(calls, commit))) return false;
    this.#unsettled = false;
    return true;
  }

  async #keepJournal(): Promise<void> {
    const { database, clock } = this.parts;
    const { version: policyVersion } = this.image.policy;
    await this.image.journal.prepare(database, { policyVersion, atMs: clock() });
  }

  /** Another policy has come into force, in this process or another: all that is live is put in order under it. */
  async #keepPolicy(): Promise<void> {
    const { head, policy } = this.image;
    if (head.policyVersion === '' || head.policyVersion === policy.version) return;
    this.image.setPolicy(await readStoredPolicy(this.parts.database, head.policyVersion));
    this.#unsettled = true;
    this.parts.log.info({ policy: head.policyVersion, before: policy.version }, 'a policy is in force');
  }

  #settleAnew(): Waiting {
    const reject = (err: unknown) =>
      this.parts.log.error({ err }, 'what waits could not be settled under the policy in force');
    return { command: this.parts.settleAnew, resolve: () => undefined, reject };
  }

  /** False where the head had moved on; the image is then as before. */
  async #attempt(batch: readonly Waiting[], commit: Commit): Promise<boolean> {
    const { clock, surroundings, onCommitted } = this.parts;
    const draft = new Draft(this.image, clock(), surroundings);
    this.image.accounts.at(draft.atMs);
    const start = draft.savepoint();
    const answers = batch.map((call) => applyOne(draft, call.command));
    runCycle(draft);
    const results = answers.map((answer) => settled(answer));
    if (!(await this.#write(draft, start.head, commit))) {
      draft.rollback(start);
      this.image.journal.undone();
      return false;
    }
    this.image.journal.settled();
    onCommitted(draft);
    this.image.siblings.settled();
    this.image.noteLeases(draft.changed('leases'));
    this.image.noteRuns(draft.changed('runs'));
    this.#forgetEnded(draft);
    for (const [index, call] of batch.entries()) results[index]?.(call);
    return true;
  }

  async #write(draft: Draft, { version: known }: Image['head'], commit: Commit): Promise<boolean> {
    const { database } = this.parts;
    const writes = draft.writes();
    if (Object.keys(writes).length === 0) return (await database.headVersion()) === known;
    const { version: _, ledgerId: __, ...counters } = this.image.head;
    if (!(await commit(known, counters, writes))) return false;
    this.image.head = { ...this.image.head, version: known + 1 };
    return true;
  }

  #forgetEnded(draft: Draft): void {
    this.image.evict(draft.touchedRuns().filter((runId) => this.image.runs.get(runId)?.status !== 'running'));
    for (const lease of draft.changed('leases'))
      if (lease.state === 'released') this.image.leases.delete(lease.leaseId);
  }
}

type Outcome = (() => unknown) | { readonly error: unknown };

const applyOne = (draft: Draft, command: Command<unknown>): Outcome => {
  const before = draft.savepoint();
  try {
    return command.apply(draft);
  } catch (error) {
    draft.rollback(before);
    return { error };
  }
};

/** The answer as it stands now, to be given once it is written. */
const settled = (outcome: Outcome): ((call: Waiting) => void) => {
  if (typeof outcome !== 'function') return (call) => call.reject(outcome.error);
  const answer = outcome();
  return (call) => call.resolve(answer);
};
