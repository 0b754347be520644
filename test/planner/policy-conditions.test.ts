import { describe, expect, it } from 'vitest';
import { admit, unmatchedRules } from '../../src/planner/policy/admission.js';
import type { TaskFacts } from '../../src/planner/policy/facts.js';
import { aPolicy, someFacts } from './policy-builders.js';

const matches = (when: string, facts: Partial<TaskFacts> = {}) => {
  const policy = aPolicy(`holds: [{ name: h, when: '${when}', reason: r }]`);
  const { holds, problems } = admit(someFacts(facts), policy, 0);
  return problems.length > 0 ? problems : holds.length > 0;
};

describe('A condition', () => {
  it.each([
    ['task.pipeline == "nightly" && task.name.startsWith("tr")', true],
    ['task.tenant in ["research", "lab"]', true],
    ['task.priority == "batch"', false],
    ['task.pool == "gpu" && task.devices == 4', true],
    ['task.devices in [1, 2, 4]', true],
    ['task.devices * 0.5 > 1', true],
    ['task.memoryGiB / task.devices >= 16', true],
    ['task.memoryGiB == 64', true],
    ['task.cores > 7.5', true],
    ['task.p90Seconds / task.p50Seconds > 2', true],
    ['task.p50Seconds * task.devices > 3600', false],
    ['task.attempts < 3', false],
    ['task.hasDeadline', false],
    ['!task.hasDeadline && task.deadlineSeconds == 0', true],
    ['task.labels["zone"] == "a"', true],
    ['task.features.rows > 500000', true],
    ['task.features.rows == 1000000 && task.features.model == "large"', true],
    ['has(task.features.epochs) && task.features.epochs > 3', false],
    ['!has(task.features.epochs) || task.features.epochs > 3', true],
    ['["train", "test"].exists(name, name == task.name)', true],
  ])('may say %s', (when, expected) => {
    expect(matches(when)).toBe(expected);
  });

  it('that fails on a task does not match it, and is named once', () => {
    expect(matches('task.features.epochs > 3')).toEqual(['hold "h" is passed over: No such key: epochs']);
    expect(matches('task.features.model > 3')).toEqual([
      'hold "h" is passed over: no such overload: string > int',
    ]);
    expect(matches('task.features.model')).toEqual([
      'hold "h" is passed over: it gives something other than true or false',
    ]);
  });

  it('reads a feature whatever it is called', () => {
    const features = { constructor: 1, __proto__: 2, hasOwnProperty: 3 } as unknown as TaskFacts['features'];
    expect(matches('has(task.features.constructor)', { features })).toBe(true);
    expect(matches('has(task.features.toString)', { features })).toBe(false);
  });
});

describe('A rule', () => {
  const RULES = `route:
  rules:
    - { name: small, when: task.devices < 8, pools: [gpu, cpu], labels: { zone: a, kind: h100 } }
    - { name: research, when: task.tenant == "research", priorityClass: low }
    - { name: nobody, when: task.tenant == "nobody", pools: [io] }
    - { name: short, when: task.p50Seconds <= 600, pools: [cpu], labels: { kind: any }, priorityClass: high }`;

  it('that comes later overrides what an earlier one says of the same', () => {
    expect(admit(someFacts(), aPolicy(RULES), 0)).toEqual({
      rules: ['small', 'research', 'short'],
      pools: ['cpu'],
      labels: { zone: 'a', kind: 'any' },
      priorityClass: 'high',
      windows: [],
      holds: [],
      problems: [],
    });
  });

  it('leaves alone what it does not name', () => {
    expect(admit(someFacts({ p50Seconds: 601 }), aPolicy(RULES), 0)).toMatchObject({
      rules: ['small', 'research'],
      pools: ['gpu', 'cpu'],
      labels: { zone: 'a', kind: 'h100' },
      priorityClass: 'low',
    });
    expect(admit(someFacts({ devices: 8, tenant: 'x', p50Seconds: 601 }), aPolicy(RULES), 0)).toMatchObject({
      rules: [],
      pools: null,
      labels: {},
      priorityClass: null,
    });
  });

  it('sees the class that was asked for, not the one that another rule gives', () => {
    const policy = aPolicy(`route:
  rules:
    - { name: raise, when: task.priority == "normal", priorityClass: high }
    - { name: after, when: task.priority == "high", pools: [cpu] }`);
    expect(admit(someFacts(), policy, 0).rules).toEqual(['raise']);
  });

  it('works on a policy that was read elsewhere', () => {
    const policy = JSON.parse(JSON.stringify(aPolicy(RULES)));
    expect(admit(someFacts(), policy, 0).rules).toEqual(['small', 'research', 'short']);
  });
});

describe('A workload', () => {
  const policy = aPolicy(`route: { rules: [{ name: large, when: task.devices > 8, pools: [gpu] }] }
windows: [{ name: nights, when: task.tenant == "lab", opens: "0 22 * * *", hours: 8, heldAtMostHours: 24 }]
holds: [{ name: epochs, when: task.features.epochs > 3, reason: r }]`);

  it('shows which conditions are for none of its tasks', () => {
    expect(unmatchedRules(policy, [])).toEqual(['rule "large"', 'window "nights"', 'hold "epochs"']);
    expect(unmatchedRules(policy, [someFacts(), someFacts({ tenant: 'lab' })])).toEqual([
      'rule "large"',
      'hold "epochs"',
    ]);
    expect(
      unmatchedRules(policy, [
        someFacts({ devices: 9, features: { epochs: 4 } }),
        someFacts({ tenant: 'lab' }),
      ]),
    ).toEqual([]);
  });
});
