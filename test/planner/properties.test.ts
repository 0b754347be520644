import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { microUsdOf, type Node, POOLS, RESOURCE_KINDS, type Resources } from '../../src/domain/index.js';
import { Cluster, plan } from '../../src/planner/index.js';
import { contents, policies } from './arbitrary.js';
import { AT, aCluster, type Content, cycle, cycleOf } from './builders.js';
import { ableNodes, areApart, fitsInto, freeOn, holdersOf, isBare, sumOf, taskOf } from './oracle.js';

const RUNS = { numRuns: 400 };
const shuffled = <Value>(list: readonly Value[], keys: Iterator<number>): Value[] =>
  list
    .map((value) => ({ value, key: keys.next().value as number }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);

describe('Any cycle', () => {
  it('gives no more than a node has, and no device that somebody holds', () => {
    fc.assert(
      fc.property(contents, policies(), (content, policy) => {
        const { grants } = cycle(content, policy);
        const holders = holdersOf(content, grants);
        for (const node of content.nodes) {
          const free = freeOn(node, holders);
          const here = holders.filter(({ nodeId }) => nodeId === node.id);
          for (const kind of RESOURCE_KINDS) expect(free[kind]).toBeGreaterThanOrEqual(0);
          const devices = here.flatMap((holder) => holder.devices);
          expect(new Set(devices).size).toBe(devices.length);
          expect(devices.every((index) => index < node.capacity.devices)).toBe(true);
        }
        for (const { devices, option, also } of grants)
          expect(devices.length + also.flatMap((part) => part.devices).length).toBe(option.request.devices);
      }),
      RUNS,
    );
  });

  it('gives no more bare slots than the nodes that take work have left in all', () => {
    fc.assert(
      fc.property(contents, policies(), (content, policy) => {
        const { grants, failing } = cycle(content, policy);
        const holders = holdersOf(content, grants);
        for (const pool of POOLS) {
          if (!grants.some((grant) => grant.pool === pool && grant.nodeId === null)) continue;
          const live = content.nodes.filter(
            (node) => node.pool === pool && node.state === 'active' && !failing.includes(node.id),
          );
          const ids = live.map(({ id }) => id);
          const used = holders.filter(
            (holder) => holder.pool === pool && (holder.nodeId === null || ids.includes(holder.nodeId)),
          );
          const total = live.reduce((sum, { capacity }) => sum + capacity.slots, 0);
          expect(sumOf(used).slots).toBeLessThanOrEqual(total);
        }
      }),
      RUNS,
    );
  });

  it('gives only nodes that take work, have the labels, and keep apart who must not meet', () => {
    fc.assert(
      fc.property(contents, policies(), (content, policy) => {
        const { grants, failing } = cycle(content, policy);
        const holders = holdersOf(content, grants);
        for (const grant of grants) {
          const task = taskOf(grant, content);
          const able = ableNodes(task, grant.option, content.nodes).map(({ id }) => id);
          for (const nodeId of [grant.nodeId, ...grant.also.map((part) => part.nodeId)]) {
            if (nodeId === null) expect(isBare(task, grant.option)).toBe(true);
            else {
              expect(able).toContain(nodeId);
              expect(failing).not.toContain(nodeId);
              const others = holders.filter(
                (holder) => holder.nodeId === nodeId && holder.tags !== task.placement.tags,
              );
              expect(others.some((other) => areApart(other, task.placement))).toBe(false);
            }
          }
        }
      }),
      RUNS,
    );
  });

  it('never exceeds a limit or a budget, and starts nothing that is held', () => {
    fc.assert(
      fc.property(contents, policies(), (content, policy) => {
        const { grants } = cycle(content, policy);
        const started = grants.map((grant) => taskOf(grant, content));
        for (const [name, limit] of Object.entries(policy.limits)) {
          const amount = (of: {
            readonly placement: { readonly limits: Readonly<Record<string, number>> };
          }) => of.placement.limits[name] ?? 0;
          const asked = started.reduce((sum, task) => sum + amount(task), 0);
          const used = content.leases.reduce((sum, lease) => sum + amount(lease), 0);
          if (asked > 0) expect(used + asked).toBeLessThanOrEqual(limit);
        }
        const trial = grants
          .filter((grant) => taskOf(grant, content).tenant === 'trial')
          .map(({ pool, option, id }) => {
            const { p90Seconds } = taskOf({ id }, content).forecast;
            return microUsdOf(option.request, policy.pools[pool], p90Seconds / option.speed);
          });
        expect(trial.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(1e6);
        for (const { holds } of started)
          expect(
            holds.some(({ fromMs, untilMs }) => fromMs <= AT && (untilMs === null || AT < untilMs)),
          ).toBe(false);
      }),
      RUNS,
    );
  });

  it('never exceeds a quota, nor starts more once all tenants have spent what they may', () => {
    const quotas = { research: { devices: 3, slots: 2 }, trial: { cores: 4 } };
    const bounds = { quotas, spending: { usdPerHour: 0.5, exempt: ['critical'] } };
    fc.assert(
      fc.property(contents, policies(bounds), (content, policy) => {
        const { grants } = cycle(content, policy);
        for (const [tenant, quota] of Object.entries(quotas))
          for (const [kind, most] of Object.entries(quota) as ['devices' | 'cores' | 'slots', number][]) {
            const mine = grants.filter((grant) => taskOf(grant, content).tenant === tenant);
            const asked = mine.reduce((sum, { option }) => sum + option.request[kind], 0);
            const held = content.leases
              .filter((lease) => lease.tenant === tenant)
              .reduce((sum, { resources }) => sum + resources[kind], 0);
            if (asked > 0) expect(held + asked).toBeLessThanOrEqual(most);
          }
        const costs = grants
          .filter((grant) => taskOf(grant, content).priorityClass !== 'critical')
          .map(({ pool, option, id }) => {
            const { p90Seconds } = taskOf({ id }, content).forecast;
            return microUsdOf(option.request, policy.pools[pool], p90Seconds / option.speed);
          })
          .filter((microUsd) => microUsd > 0);
        // The start that reaches the limit is the last.
        const before = costs.reduce((a, b) => a + b, 0) - Math.max(0, ...costs);
        expect(before).toBeLessThan(0.5e6);
      }),
      RUNS,
    );
  });

  it('decides the same of the same, in whatever order it was told', () => {
    fc.assert(
      fc.property(contents, policies(), fc.infiniteStream(fc.nat()), (content, policy, keys) => {
        const other = {
          nodes: shuffled(content.nodes, keys),
          leases: shuffled(content.leases, keys),
          waiting: shuffled(content.waiting, keys),
        };
        const first = cycleOf(aCluster(content, policy), content.waiting, policy);
        const second = cycleOf(aCluster(other, policy), content.waiting, policy);
        expect(JSON.stringify(second)).toBe(JSON.stringify(first));
      }),
      RUNS,
    );
  });

  it('changes nothing: asked again it says the same', () => {
    fc.assert(
      fc.property(contents, policies(), (content, policy) => {
        const cluster = aCluster(content, policy);
        const first = JSON.stringify(cycleOf(cluster, content.waiting, policy));
        plan(cluster, policy, AT + 70_000);
        expect(JSON.stringify(cycleOf(cluster, content.waiting, policy))).toBe(first);
      }),
      RUNS,
    );
  });

  it('decides on a cluster kept up event by event as on one made anew', () => {
    const times = fc.array(fc.integer({ min: -300_000, max: 0 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(
        contents,
        contents,
        policies(),
        fc.infiniteStream(fc.nat()),
        times,
        (content, stale, policy, keys, beats) => {
          const kept = new Cluster(policy);
          const events = shuffled(
            [...setting(kept, stale), ...setting(kept, content), ...setting(kept, stale)],
            keys,
          );
          const cycles = beats.sort((a, b) => a - b);
          const every = Math.ceil(events.length / cycles.length) || 1;
          for (const [index, event] of events.entries()) {
            event();
            if (index % every === 0) plan(kept, policy, AT + (cycles[index / every] ?? 0));
          }
          for (const event of shuffled(removing(kept, stale), keys)) event();
          for (const event of shuffled(setting(kept, content), keys)) event();
          expect(JSON.stringify(cycleOf(kept, content.waiting, policy))).toBe(
            JSON.stringify(cycle(content, policy)),
          );
        },
      ),
      RUNS,
    );
  });

  it('says of every task that it goes, that others give way for it, or why it waits, with an interval that stands upright', () => {
    fc.assert(
      fc.property(contents, policies(), (content, policy) => {
        const { grants, deferrals, preemptions } = cycle(content, policy);
        const promised = new Set(preemptions.map(({ forId }) => forId));
        const ids = [...grants.map(({ id }) => id), ...deferrals.map(({ id }) => id), ...promised];
        expect(ids.toSorted()).toEqual(content.waiting.map(({ id }) => id).toSorted());
        for (const { blockers, etaP50Ms, etaP90Ms, position } of deferrals) {
          expect(blockers.length).toBeGreaterThan(0);
          expect(position).toBeGreaterThan(0);
          expect(etaP50Ms === null).toBe(etaP90Ms === null);
          if (etaP50Ms === null || etaP90Ms === null) continue;
          expect(etaP50Ms).toBeGreaterThanOrEqual(AT);
          expect(etaP50Ms).toBeLessThanOrEqual(etaP90Ms);
        }
      }),
      RUNS,
    );
  });
});

const setting = (cluster: Cluster, { nodes = [], leases = [], waiting = [] }: Content) => [
  ...nodes.map((node) => () => cluster.setNode(node)),
  ...leases.map((lease) => () => cluster.setLease(lease)),
  ...waiting.map((task) => () => cluster.setTask(task)),
];
const removing = (cluster: Cluster, { nodes = [], leases = [], waiting = [] }: Content) => [
  ...nodes.map(
    ({ id }) =>
      () =>
        cluster.removeNode(id),
  ),
  ...leases.map(
    ({ id }) =>
      () =>
        cluster.removeLease(id),
  ),
  ...waiting.map(
    ({ id }) =>
      () =>
        cluster.removeTask(id),
  ),
];

describe('Every blocker that a task is told', () => {
  const noPreemption = policies({ preemption: undefined });
  it('is true', () => {
    fc.assert(
      fc.property(contents, noPreemption, (content, policy) => {
        const { grants, deferrals, failing: ill } = cycle(content, policy);
        const holders = holdersOf(content, grants);
        const failing = [...ill, ...triedOut(content, grants)];
        for (const deferral of deferrals) {
          const task = taskOf(deferral, content);
          for (const { code } of deferral.blockers)
            expect([code, isTrue[code]?.({ content, policy, task, grants, holders, failing })]).toEqual([
              code,
              true,
            ]);
        }
      }),
      RUNS,
    );
  });
});

/** Nodes on trial that have been given what they may. */
const triedOut = ({ nodes }: Required<Content>, grants: Facts['grants']) =>
  nodes
    .filter(({ id, health }) => {
      const given = grants.flatMap(({ nodeId, also }) => [nodeId, ...also.map((part) => part.nodeId)]);
      return health?.startsLeft === 1 && given.includes(id);
    })
    .map(({ id }) => id);

interface Facts {
  readonly content: Required<Content>;
  readonly policy: ReturnType<typeof Object> & Parameters<typeof cycle>[1];
  readonly task: ReturnType<typeof taskOf>;
  readonly grants: ReturnType<typeof cycle>['grants'];
  readonly holders: ReturnType<typeof holdersOf>;
  readonly failing: readonly string[];
}

const isHeld =
  (wanted: string) =>
  ({ task }: Facts): boolean =>
    task.holds.some(
      ({ code, fromMs, untilMs }) => code === wanted && fromMs <= AT && (untilMs === null || AT < untilMs),
    );

/** The nodes that could take an option of the task, and what each has free. */
const openTo = ({ content, task, holders, failing }: Facts) =>
  task.options.flatMap((option) =>
    ableNodes(task, option, content.nodes)
      .filter(({ id }) => !failing.includes(id))
      .map((node) => ({ node, option, free: onTrial(node, freeOn(node, holders)) })),
  );
/** A node on trial takes one task: of bare slots one, however many are free. */
const onTrial = ({ health }: Node, free: Resources): Resources =>
  health ? { ...free, slots: Math.min(free.slots, 1) } : free;
const isKeptOff = (id: string, { holders, task }: Facts): boolean =>
  holders.some(({ nodeId, ...holder }) => nodeId === id && areApart(holder, task.placement));
const slotsLeft = ({ content, holders, failing }: Facts, pool: string): number => {
  const live = content.nodes.filter(
    (node) => node.pool === pool && node.state === 'active' && !failing.includes(node.id),
  );
  const used = holders.filter(
    ({ nodeId, pool: of }) => of === pool && (nodeId === null || live.some(({ id }) => id === nodeId)),
  );
  const slotsOf = ({ capacity, health }: Node): number =>
    health ? Math.min(capacity.slots, 1) : capacity.slots;
  return live.reduce((sum, node) => sum + slotsOf(node), 0) - sumOf(used).slots;
};

const isTrue: Readonly<Record<string, (facts: Facts) => boolean>> = {
  held: isHeld('held'),
  'run-paused': isHeld('run-paused'),
  'window-closed': isHeld('window-closed'),
  'limit-reached': ({ task, content, grants, policy }) =>
    Object.entries(task.placement.limits).some(([name, amount]) => {
      const others = [...content.leases, ...grants.map((grant) => taskOf(grant, content))];
      const used = others.reduce((sum, { placement }) => sum + (placement.limits[name] ?? 0), 0);
      return used + amount > (policy?.limits[name] ?? Number.POSITIVE_INFINITY);
    }),
  'budget-exhausted': ({ task }) => task.tenant === 'trial',
  'no-node': (facts) => {
    const open = openTo(facts);
    return facts.task.options.some((option) => !open.some((other) => other.option === option));
  },
  'no-capacity': (facts) =>
    facts.task.options.some((option) => {
      if (isBare(facts.task, option)) return option.request.slots > slotsLeft(facts, option.request.pool);
      const open = openTo(facts).filter((other) => other.option === option);
      // Bare slots may turn up on any node, so that each of them counts against all.
      const bare = sumOf(
        facts.holders.filter(({ nodeId, pool }) => nodeId === null && pool === option.request.pool),
      ).slots;
      const short = open.filter(
        ({ free }) => !fitsInto(option.request, { ...free, slots: Math.max(0, free.slots - bare) }),
      );
      const apart = open.filter(({ node }) => isKeptOff(node.id, facts));
      return facts.task.placement.spans
        ? open.every((place) => short.includes(place) || apart.includes(place))
        : short.length > 0;
    }),
  'kept-apart': (facts) => openTo(facts).some(({ node }) => isKeptOff(node.id, facts)),
  'node-suspect': (facts) => facts.task.suspectNodes.length > 0,
  'node-failing': ({ failing }) => failing.length > 0,
  'better-elsewhere': (facts) =>
    facts.task.options.length > 1 &&
    facts.task.options.some(
      (option) =>
        (isBare(facts.task, option) && option.request.slots <= slotsLeft(facts, option.request.pool)) ||
        openTo(facts).some((open) => open.option === option && fitsInto(option.request, open.free)) ||
        (facts.task.placement.spans &&
          openTo(facts)
            .filter((open) => open.option === option)
            .reduce((sum, { free }) => sum + free.devices, 0) >= option.request.devices),
    ),
  'behind-queue': ({ content, grants, task, policy }) =>
    content.waiting.length > (policy?.lookAhead ?? 200) ||
    content.waiting.some(
      (other) =>
        other.id !== task.id &&
        (policy?.backfill === 'none' || !grants.some(({ id }) => id === other.id)) &&
        other.options.some((a) => task.options.some((b) => a.request.pool === b.request.pool)),
    ),
};
