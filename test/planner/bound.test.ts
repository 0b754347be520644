import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOTHING } from '../../src/domain/index.js';
import type { Policy } from '../../src/planner/index.js';
import { type SimOptions, type SimRun, simulate } from '../../src/simulator/index.js';
import { AT, aPolicy } from './builders.js';

const OPTIONS: SimOptions = {
  forecast: 'oracle',
  preemption: null,
  resumeSeconds: 0,
  checkpoints: 'always',
  failureProbability: null,
  seed: 1,
};

/** More work than the devices can do, then none: a burst of small tasks with large ones among them. */
const bursts = fc.array(
  fc.record({
    seconds: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 1, max: 20 }) },
      { weight: 1, arbitrary: fc.integer({ min: 100, max: 1_000 }) },
    ),
    afterSeconds: fc.nat(8),
  }),
  { minLength: 10, maxLength: 150 },
);

const runsOf = (burst: readonly { readonly seconds: number; readonly afterSeconds: number }[]): SimRun[] => {
  let submitAtMs = AT;
  return burst.map(({ seconds, afterSeconds }, index) => {
    submitAtMs += afterSeconds * 1_000;
    return {
      id: `run-${index}`,
      pipeline: 'burst',
      tenant: 'research',
      priorityClass: 'normal',
      submitAtMs,
      deadlineAtMs: null,
      tasks: [
        {
          name: 'work',
          type: 'work',
          pool: 'gpu',
          resources: { ...NOTHING, devices: 1 },
          runSeconds: seconds,
          features: {},
          needs: [],
          spans: false,
        },
      ],
    };
  });
};

/** How long each run waits in all: before it starts, and after it has given way. */
const waits = (runs: SimRun[], devices: number, policy: Policy): number[] => {
  const node = { id: 'n', pool: 'gpu', labels: {}, fromMs: Number.NEGATIVE_INFINITY, untilMs: null } as const;
  const fleet = { nodes: [{ ...node, capacity: { ...NOTHING, devices } }] };
  const { records } = simulate({ runs, history: [] }, fleet, policy, OPTIONS);
  return records.map(({ submitAtMs, endAtMs, runSeconds }) => (endAtMs - submitAtMs) / 1_000 - runSeconds);
};

describe('A task’s wait is bounded by the load', () => {
  const order = { order: ['class', 'size'], size: { bound: 1 } };
  const preemption = {
    victims: 'larger-remaining',
    protectSeconds: 0,
    maxPreemptions: 100,
    hysteresis: 1,
    resumeSeconds: 0,
  };

  /**
   * Nothing that arrives later than the bound can go before a task, and what came before is cleared within the longest wait of first
   * come, first served. Without preemption the bound is three times what the pool took to drain.
   */
  it.each([
    ['without preemption', aPolicy(order)],
    ['with preemption', aPolicy({ ...order, preemption })],
  ])('%s: by its bound and once more the longest wait of first come, first served', (_, policy) => {
    fc.assert(
      fc.property(bursts, fc.integer({ min: 1, max: 4 }), (burst, devices) => {
        const runs = runsOf(burst);
        const longest = Math.max(...burst.map(({ seconds }) => seconds));
        const fifo = Math.max(...waits(runs, devices, aPolicy({ order: [] })));
        const most = Math.max(...waits(runs, devices, policy));
        expect(most).toBeLessThanOrEqual(2.5 * (fifo + longest));
      }),
      { numRuns: 60 },
    );
  });

  /** A minute's work, then without end as much small work as the device can do. */
  const stream = runsOf([
    { seconds: 60, afterSeconds: 0 },
    ...Array.from({ length: 1_500 }, () => ({ seconds: 1, afterSeconds: 1 })),
  ]).map((run, index) => ({ ...run, submitAtMs: index === 0 ? AT + 2_500 : run.submitAtMs }));
  const waitOfLarge = (policy: Policy): number => {
    const runs = stream.toSorted((a, b) => a.submitAtMs - b.submitAtMs);
    return waits(runs, 1, policy)[runs.findIndex(({ id }) => id === 'run-0')] ?? 0;
  };
  it('so that an endless stream of small work does not starve large work, which without a bound it does', () => {
    expect(waitOfLarge(aPolicy({ ...order, size: { bound: 'none' } }))).toBeGreaterThan(1_400);
    expect(waitOfLarge(aPolicy(order))).toBeLessThan((3 + 1) * 60);
    expect(waitOfLarge(aPolicy({ ...order, preemption }))).toBeLessThan(5 * 60);
  });
});
