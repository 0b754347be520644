import { expect, it } from 'vitest';
import { type Granted, periodStart } from '../../src/domain/index.js';
import type { Ledger } from '../../src/ledger/index.js';
import type { Policy } from '../../src/planner/index.js';
import { aRequest, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases, POLICY, type Store } from './contract.js';

/** What each tenant may spend, in micro-dollars. */
const BUDGETS = { lab: { day: 9e6, month: 60e6 }, trial: { day: 5e6, month: 30e6 } } as const;
type Tenant = keyof typeof BUDGETS;
const TENANTS = Object.keys(BUDGETS) as Tenant[];
const BUDGETED: Policy = {
  ...POLICY,
  budgets: {
    lab: { usdPerDay: 9, usdPerMonth: 60, exhausted: 'defer' },
    trial: { usdPerDay: 5, usdPerMonth: 30, exhausted: 'reject' },
  },
};
/** By the policy that ships. */
const MICRO_USD_PER_DEVICE_HOUR = 2_500_000;
const MINUTE = 60_000;
const FOUR = { capacity: { devices: 4, cores: 8, memoryBytes: 0, slots: 0 } };

/** What the test knows of a lease, by its own book-keeping. */
interface Known {
  readonly tenant: Tenant;
  readonly grantedAtMs: number;
  readonly microUsdPerMs: number;
  readonly reservedMicroUsd: number;
  releasedAtMs: number | null;
}

/** A system in which anything may happen next. */
class Chaos {
  readonly #leases = new Map<string, Known>();
  readonly #grants = new Map<string, { readonly run: TestRun; readonly grant: Granted }>();
  #runs: TestRun[] = [];
  #names = 0;
  #resets = 0;
  #overruns = 0;

  private constructor(
    private readonly store: Store,
    private ledger: Ledger,
    private readonly nodes: readonly TestNode[],
    private readonly random: () => number,
  ) {}

  static async begin(store: Store, seed: number): Promise<Chaos> {
    const ledger = await store.open(BUDGETED);
    const nodes = [
      await TestNode.register(ledger, 'gpu-1', FOUR),
      await TestNode.register(ledger, 'gpu-2', FOUR),
    ];
    const chaos = new Chaos(store, ledger, nodes, randomFrom(seed));
    for (const tenant of TENANTS) chaos.#runs.push(await TestRun.create(ledger, tenant, { tenant }));
    return chaos;
  }

  async step(): Promise<void> {
    const acts = [this.#ask, this.#ask, this.#ask, this.#end, this.#end, this.#end, this.#wait];
    const rare = [this.#reset, this.#restartNode, this.#jumpBack, this.#crash];
    await this.#pick(this.random() < 0.15 ? rare : acts).call(this);
    await this.ledger.sweepNodes();
    await this.#note();
  }

  /** Attempts of up to half an hour by their forecast, and some that nobody can foresee. */
  async #ask(): Promise<void> {
    this.#names += 1;
    await this.#pick(this.#runs).ask(
      `t${this.#names}`,
      {
        request: aRequest({ devices: this.#pick([1, 2]) }),
        ...(this.random() < 0.9 ? { estimateSeconds: Math.ceil(this.random() ** 3 * 1_800) } : {}),
      },
      this.ledger,
    );
  }

  /** The workflow hears of the end; the process may live on until its node says otherwise. */
  async #end(): Promise<void> {
    const held = [...this.#grants.values()];
    if (held.length === 0) return;
    const { run, grant } = this.#pick(held);
    const endedAtMs = this.store.clocks.wallMs;
    const processEnded = this.random() < 0.85;
    await run.turn({ ended: [theEndOf(grant, { processEnded, endedAtMs })] }, this.ledger);
    const { id: leaseId, fencing, nodeId } = grant.lease;
    const node = this.nodes.find(({ request }) => request.nodeId === nodeId);
    if (!processEnded && this.random() < 0.5)
      await node?.beat({ ended: [{ leaseId, fencing, endedAtMs }] }, this.ledger);
  }

  async #wait(): Promise<void> {
    const longest = this.random() < 0.1 ? 10 * 60 : 40;
    this.store.clocks.wallMs += Math.ceil(this.random() * longest) * MINUTE;
  }

  async #jumpBack(): Promise<void> {
    this.store.clocks.wallMs -= Math.ceil(this.random() * 60) * MINUTE;
  }

  async #crash(): Promise<void> {
    await this.ledger.close();
    this.ledger = await this.store.open(BUDGETED);
  }

  async #reset(): Promise<void> {
    this.#resets += 1;
    const run = this.#pick(this.#runs);
    run.executionId = `reset-${this.#resets}`;
    await run.turn({}, this.ledger);
  }

  async #restartNode(): Promise<void> {
    await this.ledger.registerNode(this.#pick(this.nodes).request);
  }

  /** Takes note of what was granted and what is free since the step before. */
  async #note(): Promise<void> {
    const { wallMs } = this.store.clocks;
    const live = new Set(
      (await this.ledger.listNodes()).flatMap(({ leases }) => leases.map(({ leaseId }) => leaseId as string)),
    );
    for (const run of this.#runs)
      for (const { verdict, state } of (await this.ledger.getRun(run.id))?.tasks ?? []) {
        if (verdict.kind !== 'granted') continue;
        const { id, resources } = verdict.lease;
        if (state === 'running') this.#grants.set(id, { run, grant: verdict });
        if (this.#leases.has(id)) continue;
        const microUsdPerHour = resources.devices * MICRO_USD_PER_DEVICE_HOUR;
        this.#leases.set(id, {
          tenant: run.spec.tenant as Tenant,
          grantedAtMs: wallMs,
          microUsdPerMs: microUsdPerHour / 3_600_000,
          reservedMicroUsd: (microUsdPerHour * verdict.forecast.p90Seconds) / 3_600,
          releasedAtMs: null,
        });
      }
    for (const [id, lease] of this.#leases) {
      if (live.has(id) || lease.releasedAtMs !== null) continue;
      lease.releasedAtMs = wallMs;
      this.#grants.delete(id);
    }
  }

  /** No budget is exceeded but by overruns, and the ledger tells of both what the test's own books say. */
  async check(): Promise<void> {
    const { wallMs } = this.store.clocks;
    const { tenants } = await this.ledger.usage();
    for (const tenant of TENANTS)
      for (const period of ['day', 'month'] as const) {
        const own = [...this.#leases.values()].filter(
          (lease) =>
            lease.tenant === tenant && periodStart(period, lease.grantedAtMs) === periodStart(period, wallMs),
        );
        const costs = own.map((lease) => costOf(lease, wallMs));
        const foreseen = sum(costs.map(({ foreseen }) => foreseen));
        expect(foreseen, `${tenant} this ${period}`).toBeLessThanOrEqual(
          BUDGETS[tenant][period] + own.length,
        );
        const told = tenants.find((usage) => usage.tenant === tenant)?.[period];
        expect(near(told?.spentMicroUsd, sum(costs.map(({ spent }) => spent)), own.length)).toBe(true);
        const used = (told?.spentMicroUsd ?? 0) + (told?.reservedMicroUsd ?? 0);
        expect(used - (told?.overrunMicroUsd ?? 0)).toBeLessThanOrEqual(BUDGETS[tenant][period] + own.length);
        this.#overruns += told?.overrunMicroUsd ?? 0;
      }
  }

  /** That there was something to keep: work ran, and some of it went over. */
  get seen(): { readonly leases: number; readonly overruns: boolean } {
    return { leases: this.#leases.size, overruns: this.#overruns > 0 };
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)] as Item;
  }
}

/** Of a lease: what it has cost since it ended, and what of its cost, or of its reservation, was foreseen. */
const costOf = ({ grantedAtMs, releasedAtMs, microUsdPerMs, reservedMicroUsd }: Known, atMs: number) => {
  const cost = Math.max(0, (releasedAtMs ?? atMs) - grantedAtMs) * microUsdPerMs;
  const isOver = releasedAtMs !== null;
  return { spent: isOver ? cost : 0, foreseen: isOver ? Math.min(cost, reservedMicroUsd) : reservedMicroUsd };
};

const sum = (amounts: readonly number[]): number => amounts.reduce((a, b) => a + b, 0);
/** The ledger rounds each lease to whole micro-dollars. */
const near = (told = 0, own: number, roundings: number): boolean => Math.abs(told - own) <= roundings;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
const randomFrom = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
};

onBothDatabases('Budgets', (freshStore) => {
  it('are never exceeded but by overruns, whatever ends, crashes or is reset', async () => {
    const chaos = await Chaos.begin(await freshStore(), 1);
    for (let steps = 0; steps < 120; steps += 1) {
      await chaos.step();
      await chaos.check();
    }
    const { leases, overruns } = chaos.seen;
    expect(leases).toBeGreaterThan(10);
    expect(overruns).toBe(true);
  }, 240_000);
});
