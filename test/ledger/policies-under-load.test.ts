import { expect, it } from 'vitest';
import { source } from '../../bench/support/numbers.js';
import type { Granted, LeaseId } from '../../src/domain/index.js';
import type { Ledger } from '../../src/ledger/index.js';
import type { Policy } from '../../src/planner/index.js';
import { aReadyTask, aRequest, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases, POLICY, type Store, textOf } from './contract.js';

const HOLD = { name: 'freeze', when: 'task.name == "b"', reason: 'a trial' };
const POLICIES: readonly Partial<Policy>[] = [
  { name: 'one' },
  { name: 'arrival', order: [], size: undefined, preemption: undefined, backfill: 'none' },
  { name: 'held', holds: [HOLD], lookAhead: 2 },
  { name: 'classes', order: ['class'], size: undefined, preemption: undefined, heartbeatSeconds: 1 },
];
const documents = POLICIES.map((policy) => textOf({ ...POLICY, ...policy }));
const act = { by: 'tests', reason: 'a change under load' };
const STEPS = 25;
const TOGETHER = 4;
/** A deadline for some hundred commits, on a busy machine. */
const WITHIN = { timeout: 180_000 };

/** Runs that come and go while policies change, over one ledger or two. */
class Load {
  readonly #grants = new Map<string, Granted>();
  readonly #leases = new Map<string, Set<LeaseId>>();
  readonly #runs = new Map<string, TestRun>();
  readonly ended = new Set<string>();
  asked = 0;

  constructor(
    readonly ledgers: readonly Ledger[],
    readonly random: () => number,
  ) {}

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)] as Item;
  }

  /** One thing that happens. */
  async step(): Promise<void> {
    const dice = this.random();
    if (dice < 0.4) return this.#arrive();
    if (dice < 0.75) return this.endOne();
    const ledger = this.pick(this.ledgers);
    if (dice < 0.9) await ledger.activatePolicy(this.pick(documents), act);
    else if (dice < 0.95) await ledger.rollbackPolicy(act).catch(() => undefined);
    else await ledger.sweepNodes();
  }

  async #arrive(): Promise<void> {
    const ledger = this.pick(this.ledgers);
    const run = await TestRun.create(ledger, 'load', { priorityClass: this.pick(['high', 'normal', 'low']) });
    this.#runs.set(run.id, run);
    const devices = this.pick([1, 1, 2]);
    const ready = ['a', 'b'].map((name) => aReadyTask(name, { request: aRequest({ devices }) }));
    this.asked += ready.length;
    const { verdicts } = await run.turn({ ready }, ledger);
    for (const verdict of verdicts) if (verdict.kind === 'granted') this.#take(run.id, verdict);
  }

  async endOne(): Promise<void> {
    const [key, grant] = this.#grants.entries().next().value ?? [];
    if (key === undefined || grant === undefined) return;
    this.#grants.delete(key);
    const run = this.#runs.get(key.split('/')[0] ?? '') as TestRun;
    await run.turn({ ended: [theEndOf(grant)] }, this.pick(this.ledgers));
    this.ended.add(key);
  }

  /** What was granted to those who did not ask just then. */
  async hear(): Promise<void> {
    const items = await this.pick(this.ledgers).claimOutbox(100);
    for (const item of items)
      if (item.kind === 'signal' && item.name === 'grant') this.#take(item.workflowId, item.payload);
    await this.pick(this.ledgers).completeOutbox(items.map(({ id }) => id));
  }

  #take(runId: string, grant: Granted): void {
    const key = `${runId}/${grant.taskKey}`;
    const leases = this.#leases.get(key) ?? new Set();
    this.#leases.set(key, leases.add(grant.lease.id));
    if (!this.ended.has(key)) this.#grants.set(key, grant);
  }

  /** Attempts that were given more than one lease. */
  get twice(): readonly string[] {
    return [...this.#leases].filter(([, leases]) => leases.size > 1).map(([key]) => key);
  }
}

const expectWithinCapacity = async (ledger: Ledger): Promise<void> => {
  for (const { capacity, leases } of await ledger.listNodes()) {
    const devices = leases.flatMap((lease) => lease.devices);
    expect(new Set(devices).size).toBe(devices.length);
    expect(devices.length).toBeLessThanOrEqual(capacity.devices);
  }
};

const ledgersOf = async (store: Store): Promise<readonly Ledger[]> =>
  store.url.startsWith('postgres') ? [await store.open(), await store.open()] : [await store.open()];

onBothDatabases('Policies that change under load', (freshStore) => {
  it.each([1, 2])('lose nothing, give nothing twice and starve nobody (seed %i)', WITHIN, async (seed) => {
    const store = await freshStore();
    const ledgers = await ledgersOf(store);
    const [ledger] = ledgers as [Ledger];
    for (const name of ['gpu-1', 'gpu-2']) await TestNode.register(ledger, name);
    const load = new Load(ledgers, source(seed));
    for (let step = 0; step < STEPS; step += 1) {
      store.clocks.wallMs += 1_000;
      await Promise.all(Array.from({ length: TOGETHER }, () => load.step()));
      await load.hear();
      await expectWithinCapacity(ledger);
    }
    await load.pick(ledgers).activatePolicy(textOf(POLICY), act);
    for (let left = 2 * load.asked; load.ended.size < load.asked && left > 0; left -= 1) {
      await load.endOne();
      await load.hear();
    }
    expect([load.ended.size, load.twice]).toEqual([load.asked, []]);
    expect((await ledger.listNodes()).flatMap(({ leases }) => leases)).toEqual([]);
    expect(new Set((await ledger.listPolicies()).map(({ name }) => name)).size).toBeGreaterThan(2);
  });
});
