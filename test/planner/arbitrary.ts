import fc from 'fast-check';
import {
  NOTHING,
  type Node,
  nodeId,
  type Option,
  PRIORITY_CLASSES,
  RESOURCE_KINDS,
  type Resources,
  type RunningLease,
} from '../../src/domain/index.js';
import type { Held, Policy } from '../../src/planner/index.js';
import { AT, aForecast, aLease, aNode, anOption, aPolicy, aTask, type Content } from './builders.js';

const POOLS = ['gpu', 'cpu'] as const;
const TAGS = ['red', 'blue'];
const LIMITS = { warehouse: 3, licence: 1 };
type Names = Readonly<Record<string, string>>;
const amounts = (...values: readonly Readonly<Record<string, number>>[]) => fc.constantFrom(...values);
const some = (values: readonly string[]) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.subarray([...values], { minLength: 1 }) },
  );
const rarely = <Value>(arbitrary: fc.Arbitrary<Value>, otherwise: Value): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary });

const amount = fc.record({ devices: fc.nat(4), cores: fc.nat(6), memoryBytes: fc.nat(4), slots: fc.nat(2) });
const request = fc.oneof(
  { weight: 4, arbitrary: amount },
  {
    weight: 1,
    arbitrary: fc
      .record({ slots: fc.integer({ min: 1, max: 2 }) })
      .map((slots) => ({ ...NOTHING, ...slots })),
  },
);

const node = fc.record({
  pool: fc.constantFrom(...POOLS),
  capacity: fc.record({ devices: fc.nat(8), cores: fc.nat(12), memoryBytes: fc.nat(8), slots: fc.nat(4) }),
  state: fc.constantFrom('active', 'active', 'active', 'draining', 'lost'),
  labels: fc.constantFrom({}, { zone: 'a' }, { zone: 'b' }),
  ill: rarely<Pick<Node, 'health'>>(
    fc.constantFrom(
      { health: { startsLeft: 0, detail: 'it fails' } },
      { health: { startsLeft: 1, detail: 'it is on trial' } },
    ),
    {},
  ),
} as const);

const lease = fc.record({
  node: fc.nat(7),
  bare: rarely(fc.constant(true), false),
  amount,
  ends: fc.integer({ min: -50, max: 500 }),
  spread: fc.double({ min: 1, max: 4, noNaN: true }),
  ran: fc.integer({ min: 60, max: 1_000 }),
  priorityClass: fc.constantFrom(...PRIORITY_CLASSES),
  tags: some(TAGS),
  apart: some(TAGS),
  limits: rarely(amounts({ warehouse: 1 }, { licence: 1 }), {}),
  state: fc.constantFrom('held', 'held', 'held', 'preempting', 'revoked'),
} as const);

const hold: fc.Arbitrary<Held> = fc.record({
  code: fc.constantFrom('held', 'window-closed', 'run-paused'),
  detail: fc.constant('somebody says so'),
  fromMs: fc.constantFrom(AT - 1_000, AT + 1_000),
  untilMs: fc.constantFrom(null, AT, AT + 60_000),
} as const);

const option = fc
  .record({ pool: fc.constantFrom(...POOLS), request, speed: fc.constantFrom(1, 2, 0.5) })
  .map(({ pool, request: asked, speed }) => anOption({ pool, ...asked }, speed));
const options = fc.oneof(
  { weight: 3, arbitrary: option.map((one): [Option] => [one]) },
  { weight: 1, arbitrary: fc.tuple(option, option).filter(([a, b]) => a.request.pool !== b.request.pool) },
);

const task = fc.record({
  options,
  priorityClass: fc.constantFrom(...PRIORITY_CLASSES),
  tenant: fc.constantFrom('research', 'trial', 'ops'),
  arrival: fc.nat(900),
  seconds: fc.integer({ min: 1, max: 900 }),
  spread: fc.double({ min: 1, max: 4, noNaN: true }),
  done: fc.double({ min: 0, max: 0.9, noNaN: true }),
  labels: rarely(fc.constantFrom<Names>({ zone: 'a' }, { zone: 'b' }), {}),
  tags: some(TAGS),
  apart: some(TAGS),
  near: some(TAGS),
  spans: rarely(fc.constant(true), false),
  limits: rarely(amounts({ warehouse: 1 }, { warehouse: 2, licence: 1 }, { licence: 2 }), {}),
  suspect: rarely(fc.nat(7), 99),
  holds: rarely(fc.array(hold, { minLength: 1, maxLength: 2 }), []),
  promised: rarely(fc.boolean(), false),
  pathSeconds: fc.nat(100),
} as const);

const hasDevices = ({ request: { devices } }: Option): boolean => devices > 0;

/** What must be in the order for work to give way by it. */
const NEEDS: Readonly<Record<string, string>> = { 'lower-class': 'class', 'larger-remaining': 'size' };

/** Policies of all kinds. */
export const policies = (over: Record<string, unknown> = {}): fc.Arbitrary<Policy> =>
  fc
    .record({
      order: fc.constantFrom<readonly string[]>(
        [],
        ['class'],
        ['class', 'share'],
        ['class', 'share', 'size'],
        ['size'],
      ),
      backfill: fc.constantFrom('easy', 'easy', 'none', 'greedy'),
      prefer: fc.constantFrom('listed', 'fastest', 'cheapest'),
      preemption: fc.constantFrom('none', 'lower-class', 'larger-remaining'),
      lookAhead: fc.constantFrom(200, 3),
    })
    .map(({ order, backfill, prefer, preemption, lookAhead }) =>
      aPolicy({
        order,
        ...(order.includes('size') ? { size: { bound: 1 } } : {}),
        backfill,
        lookAhead,
        route: { prefer },
        limits: LIMITS,
        budgets: { trial: { usdPerDay: 1 } },
        health: { drainAtFailureShare: 0.5, ofLastAttempts: 10 },
        ...(!order.includes(NEEDS[preemption] ?? '')
          ? {}
          : {
              preemption: {
                victims: preemption,
                protectSeconds: 120,
                maxPreemptions: 3,
                hysteresis: 1.5,
                resumeSeconds: 5,
              },
            }),
        ...over,
      }),
    );

/** Contents of clusters in which what is held fits. */
export const contents: fc.Arbitrary<Required<Content>> = fc
  .record({
    nodes: fc.array(node, { maxLength: 5 }),
    leases: fc.array(lease, { maxLength: 8 }),
    tasks: fc.array(task, { maxLength: 9 }),
  })
  .map(({ nodes: drawn, leases, tasks }) => {
    const nodes = drawn.map(({ capacity, ill, ...over }, index) =>
      aNode(`n${index}`, capacity, { ...over, ...ill }),
    );
    return {
      nodes,
      leases: placed(nodes, leases),
      waiting: tasks.map(
        (
          {
            options: listed,
            seconds,
            spread,
            done,
            suspect,
            labels,
            tags,
            apart,
            near,
            spans,
            limits,
            ...over
          },
          index,
        ) =>
          aTask(`t${index}`, over.arrival, listed[0].request, {
            ...over,
            options: listed,
            forecast: aForecast(seconds, seconds * spread),
            doneSeconds: Math.floor(seconds * done),
            suspectNodes: suspect === 99 ? [] : [nodeId(`n${suspect}`)],
            placement: { labels, tags, apart, near, limits, spans: spans && listed.every(hasDevices) },
          }),
      ),
    };
  });

type DrawnLease = typeof lease extends fc.Arbitrary<infer Value> ? Value : never;

/** The leases that fit beside each other, on devices of their own. */
const placed = (nodes: readonly Node[], drawn: readonly DrawnLease[]): readonly RunningLease[] => {
  const free = new Map(nodes.map(({ id, capacity }) => [id, { ...capacity }]));
  const used = new Map(nodes.map(({ id }) => [id, 0]));
  return drawn.flatMap(({ node: index, bare, amount: asked, ends, ran, spread, ...over }, at) => {
    const where = nodes[index];
    const room = where && free.get(where.id);
    if (where === undefined || room === undefined) return [];
    const held: Resources = bare ? { ...NOTHING, slots: asked.slots } : asked;
    if (RESOURCE_KINDS.some((kind) => held[kind] > room[kind])) return [];
    if (bare && (held.slots === 0 || where.state !== 'active')) return [];
    for (const kind of RESOURCE_KINDS) room[kind] -= held[kind];
    const from = used.get(where.id) ?? 0;
    used.set(where.id, from + held.devices);
    const { tags, apart, limits, priorityClass, state } = over;
    const p50Seconds = Math.max(1, ran + ends);
    return [
      aLease(`l${at}`, bare ? null : where.id, held, ends, {
        pool: where.pool,
        devices: Array.from({ length: held.devices }, (_, device) => from + device),
        ranSeconds: ran,
        p50Seconds,
        p90Seconds: p50Seconds * spread,
        priorityClass,
        state,
        placement: { tags, apart, limits },
      }),
    ];
  });
};
