import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPolicy } from '../../src/planner/policy/read.js';
import { aDocument, mistakesOf, policyText, refusal } from './policy-builders.js';

/** What is wrong, the lines of the document, and what is said of it: place, path, mistake and mend. */
type Case = readonly [string, string, string];

const KEYS: readonly Case[] = [
  ['a misspelt key', 'backfil: easy', '6:1 backfil: unknown key "backfil" — did you mean backfill?'],
  [
    'a key that is missing',
    'holds: [{ name: a, reason: r }]',
    '6:9 holds[0].when: missing "when" — add when: which tasks it is for: a CEL condition on `task`, asked once, when the task becomes ready',
  ],
  [
    'one class where a list belongs',
    'order: class',
    '4:8 order: expected a list, got "class" — write [class]',
  ],
  [
    'a part of the order that there is not',
    'order: [class, sise]',
    '4:16 order[1]: unknown order "sise" — use one of class, share, size (did you mean size?)',
  ],
  [
    'a text where a number belongs',
    'order: [size]\nsize: { bound: no }',
    '5:16 size.bound: "no" is not a number above 0 and up to 100 — give a number above 0 and up to 100, or none',
  ],
  [
    'a number that is too small',
    'order: [size]\nsize: { bound: 0 }',
    '5:16 size.bound: 0 is too small — give more than 0',
  ],
  [
    'a share above all',
    'health: { drainAtFailureShare: 50, ofLastAttempts: 10 }',
    '6:32 health.drainAtFailureShare: 50 is too large — give at most 1',
  ],
  [
    'a limit named twice',
    'limits: { db: 8, db: 9 }',
    '6:18 limits.db: duplicate key "db", first on line 6 — keep one of them',
  ],
  [
    'a limit of half a thing',
    'limits: { db: 1.5 }',
    '6:15 limits.db: expected a whole number, got 1.5 — give a whole number',
  ],
  [
    'a pool that there is not',
    'route: { rules: [{ name: a, when: "true", pools: [gpux] }] }',
    '6:51 route.rules[0].pools[0]: unknown pools "gpux" — use one of gpu, cpu, io (did you mean gpu?)',
  ],
  [
    'a hold until no time',
    'holds: [{ name: a, when: "true", reason: r, until: tomorrow }]',
    '6:52 holds[0].until: "tomorrow" is not a time — give a time such as 2026-07-01T08:00:00Z, with Z or an offset',
  ],
  [
    'a hold until a day that there is not',
    'holds: [{ name: a, when: "true", reason: r, until: 2026-02-30T00:00:00Z }]',
    '6:52 holds[0].until: "2026-02-30T00:00:00Z" is not a time — give a time such as 2026-07-01T08:00:00Z, with Z or an offset',
  ],
];

const PARTS: readonly Case[] = [
  [
    'an order out of order',
    'order: [size, class]\nsize: { bound: 1 }',
    '4:8 order: class comes before share, and share before size — write [class, size]',
  ],
  ['an order that repeats', 'order: [class, class]', '4:16 order[1]: "class" is named twice — name it once'],
  [
    'classes left out',
    'classes: [critical, high]',
    '6:10 classes: leaves out normal, low, batch — name each class once',
  ],
  [
    'no classes',
    'classes: []',
    '6:10 classes: leaves out critical, high, normal, low, batch — name each class once',
  ],
  [
    'a class twice',
    'classes: [critical, critical, high, normal, low, batch]',
    '6:21 classes[1]: "critical" is named twice — name each class once',
  ],
  [
    'size that the order lacks',
    'order: [class]\nsize: { bound: 1.5 }',
    '5:1 size: says how size counts, and the order lacks it — add size to the order, or take this out',
  ],
  [
    'an order by size that nothing explains',
    'order: [size]',
    '4:8 order: goes by size, and nothing says how — add size: { bound: 1.5 }, or take size out of it',
  ],
  [
    'a bound beyond what preemption can keep',
    'order: [size]\nsize: { bound: 2 }\npreemption: { victims: larger-remaining, protectSeconds: 0, maxPreemptions: 1, hysteresis: 1, resumeSeconds: 0 }',
    '5:16 size.bound: where larger work gives way, at most 1.3: beyond, a task could wait for a wait that it causes itself — write 1.3 or less, or none',
  ],
  [
    'deadlines without size',
    'order: []\ndeadlines: lift',
    '5:12 deadlines: cannot lift where the order lacks size — give size with a bound, or write deadlines: ignore',
  ],
  [
    'deadlines without a bound',
    'order: [size]\nsize: { bound: none }\ndeadlines: lift',
    '6:12 deadlines: cannot lift where the bound of size is none — give size with a bound, or write deadlines: ignore',
  ],
  [
    'victims by class that the order lacks',
    'order: []\npreemption: { victims: lower-class, protectSeconds: 0, maxPreemptions: 1, hysteresis: 1, resumeSeconds: 0 }',
    '5:24 preemption.victims: lower-class goes by class, which the order lacks — add class to the order, or take preemption out',
  ],
  [
    'victims by size that the order lacks',
    'order: [class]\npreemption: { victims: larger-remaining, protectSeconds: 0, maxPreemptions: 1, hysteresis: 1, resumeSeconds: 0 }',
    '5:24 preemption.victims: larger-remaining goes by size, which the order lacks — add size to the order, or take preemption out',
  ],
  [
    'shares that the order lacks',
    'shares: { weights: { lab: 2 } }',
    '6:1 shares: says how tenants share, and the order lacks share — add share to the order, or take this out',
  ],
  [
    'the cheapest of what costs nothing',
    'route: { prefer: cheapest }',
    '6:18 route.prefer: nothing is the cheapest: no pool has a price — give usdPerDeviceHour or usdPerCoreHour under pools',
  ],
  [
    'a day above its month',
    'budgets: { lab: { usdPerDay: 10, usdPerMonth: 5 } }',
    '6:30 budgets.lab.usdPerDay: a day may cost more than its month — give a month at least as much as a day',
  ],
  [
    'a budget of nothing',
    'budgets: { lab: { exhausted: reject } }',
    '6:12 budgets.lab: names no amount — give usdPerDay, usdPerMonth or both',
  ],
  [
    'a quota of nothing',
    'quotas: { lab: {} }',
    '6:11 quotas.lab: names no amount — give devices, cores or slots',
  ],
  [
    'a breaker of nothing',
    'spending: { exempt: [critical] }',
    '6:1 spending: names no amount — give usdPerHour, usdPerDay or both',
  ],
  [
    'an hour above its day',
    'spending: { usdPerHour: 10, usdPerDay: 5 }',
    '6:25 spending.usdPerHour: an hour may cost more than its day — give a day at least as much as an hour',
  ],
  [
    'a queue of no pool',
    'queues: { limits: { tpu: 5 } }',
    '6:21 queues.limits.tpu: unknown key "tpu" — did you mean cpu?',
  ],
  [
    'a fallback that never happens',
    'fallback: { trust: 0, assume: average }',
    '6:20 fallback.trust: trusts every forecast, so that the average is never assumed — give a trust of 1 or more, or write assume: forecast',
  ],
  [
    'a class from a rule that the order lacks',
    'order: []\nroute: { rules: [{ name: a, when: task.devices > 1, priorityClass: high }] }',
    '5:53 route.rules[0].priorityClass: gives a class, and the order lacks class — add class to the order, or take this out',
  ],
];

const RULES: readonly Case[] = [
  [
    'a rule that says nothing',
    'route: { rules: [{ name: a, when: "true" }] }',
    '6:18 route.rules[0]: says nothing of the tasks that match — add pools, labels, priorityClass, or take the rule out',
  ],
  [
    'two rules that contradict each other',
    'route:\n  rules:\n    - { name: a, when: task.devices > 1, pools: [gpu] }\n    - { name: b, when: "task.devices  > 1", pools: [cpu] }',
    '9:45 route.rules[1].pools: contradicts rule "a", which gives pools on the same condition — keep one of them',
  ],
  [
    'a name twice',
    'holds:\n  - { name: a, when: "true", reason: r }\n  - { name: a, when: task.devices > 1, reason: r }',
    '8:13 holds[1].name: a second hold named "a" — give it a name of its own',
  ],
  [
    'a window that never opens',
    'windows: [{ name: w, when: task.pool == "gpu", opens: "0 0 30 2 *", hours: 1, heldAtMostHours: 1 }]',
    '6:55 windows[0].opens: never opens: there is no such day — name a day that exists',
  ],
  [
    'a window that never closes',
    'windows: [{ name: w, when: task.pool == "gpu", opens: "0 * * * *", hours: 1, heldAtMostHours: 1 }]',
    '6:75 windows[0].hours: never closes: it opens again before its hours are over — give fewer hours, or take the window out',
  ],
  [
    'an hour that there is not',
    'windows: [{ name: w, when: task.pool == "gpu", opens: "0 25 * * *", hours: 1, heldAtMostHours: 1 }]',
    '6:55 windows[0].opens: "0 25 * * *" is not a cron expression: invalid value for hour: 25 — give minute, hour, day of the month, month and weekday, such as "0 22 * * 1-5"',
  ],
  [
    'no cron expression',
    'windows: [{ name: w, when: task.pool == "gpu", opens: nightly, hours: 1, heldAtMostHours: 1 }]',
    '6:55 windows[0].opens: "nightly" is not a cron expression — give a cron expression such as "0 22 * * 1-5": minute, hour, day of the month, month, weekday',
  ],
  [
    'six fields',
    'windows: [{ name: w, when: task.pool == "gpu", opens: "0 0 * * * *", hours: 1, heldAtMostHours: 1 }]',
    '6:55 windows[0].opens: "0 0 * * * *" is not a cron expression — give a cron expression such as "0 22 * * 1-5": minute, hour, day of the month, month, weekday',
  ],
  [
    'a time zone that there is not',
    'windows: [{ name: w, when: task.pool == "gpu", opens: "0 22 * * *", hours: 8, heldAtMostHours: 24, zone: Europe/Berln }]',
    '6:106 windows[0].zone: unknown time zone "Europe/Berln" — use an IANA time zone, such as UTC or Europe/Berlin (did you mean Europe/Berlin?)',
  ],
];

const CONDITIONS: readonly Case[] = [
  [
    'a field that there is not',
    'holds: [{ name: h, when: \'task.pol == "gpu"\', reason: r }]',
    '6:26 holds[0].when: unknown field "task.pol"; there are pipeline, name, tenant, priority, pool, devices, cores, memoryGiB, slots, p50Seconds, p90Seconds, attempts, hasDeadline, deadlineSeconds, labels, features (did you mean pool?) — correct the condition; it is CEL (cel.dev) on task',
  ],
  [
    'a name that there is not',
    'holds: [{ name: h, when: \'tasks.pool == "gpu"\', reason: r }]',
    '6:26 holds[0].when: unknown name "tasks"; there is task (did you mean task?) — correct the condition; it is CEL (cel.dev) on task',
  ],
  [
    'the task as a whole',
    'holds: [{ name: h, when: \'task == "gpu"\', reason: r }]',
    '6:26 holds[0].when: task stands alone; name a field: task.pipeline, task.name, task.tenant, task.priority, task.pool, task.devices, task.cores, task.memoryGiB, task.slots, task.p50Seconds, task.p90Seconds, task.attempts, task.hasDeadline, task.deadlineSeconds, task.labels, task.features — correct the condition; it is CEL (cel.dev) on task',
  ],
  [
    'half an expression',
    "holds: [{ name: h, when: 'task.devices >', reason: r }]",
    '6:26 holds[0].when: it ends too early — correct the condition; it is CEL (cel.dev) on task',
  ],
  [
    'a number',
    "holds: [{ name: h, when: 'task.devices + 1', reason: r }]",
    '6:26 holds[0].when: "task.devices + 1" gives int — compare it with something: a condition gives true or false',
  ],
  [
    'a map',
    "holds: [{ name: h, when: 'task.features', reason: r }]",
    '6:26 holds[0].when: "task.features" gives map<string, dyn> — compare it with something: a condition gives true or false',
  ],
  [
    'a text beside a number',
    'holds: [{ name: h, when: \'task.devices == "4"\', reason: r }]',
    '6:26 holds[0].when: no such overload: int == string — correct the condition; it is CEL (cel.dev) on task',
  ],
  [
    'a pool that there is not',
    'holds: [{ name: h, when: \'task.pool == "gpux"\', reason: r }]',
    '6:41 holds[0].when: task.pool is never "gpux" — use one of gpu, cpu, io (did you mean gpu?)',
  ],
  [
    'a class that there is not',
    'holds: [{ name: h, when: \'task.priority in ["urgent", "high"]\', reason: r }]',
    '6:46 holds[0].when: task.priority is never "urgent" — use one of critical, high, normal, low, batch',
  ],
  [
    'two classes at once',
    'holds: [{ name: h, when: \'task.priority == "high" && task.priority == "low"\', reason: r }]',
    '6:26 holds[0].when: matches no task at all — change the condition, or take the hold out',
  ],
  [
    'never',
    "holds: [{ name: h, when: 'false', reason: r }]",
    '6:26 holds[0].when: matches no task at all — change the condition, or take the hold out',
  ],
  [
    'a division by zero',
    "holds: [{ name: h, when: '1 / 0 == 1', reason: r }]",
    '6:26 holds[0].when: matches no task at all: division by zero — change the condition, or take the hold out',
  ],
  [
    'too much work',
    "holds: [{ name: h, when: 'range(1000).all(i, range(1000).all(j, i + j >= 0))', reason: r }]",
    '6:26 holds[0].when: it would take more than 2000 steps to evaluate — ask for less: of a list, or in fewer steps',
  ],
  [
    'a function that there is not',
    'holds: [{ name: h, when: \'matches(task.name, "a+")\', reason: r }]',
    '6:26 holds[0].when: unknown function "matches()"; there are size, string, int, double, bool, dyn, has, range — correct the condition; it is CEL (cel.dev) on task',
  ],
];

describe('A policy document is refused', () => {
  it.each([...KEYS, ...PARTS, ...RULES, ...CONDITIONS])('for %s', (_, lines, expected) => {
    expect(mistakesOf(aDocument(lines))).toEqual([expected]);
  });

  it('for all its mistakes at once, in the order of the text', () => {
    const lines = `preemption: { victim: lower-class }
holds:
  - { name: a, when: task.pol == "gpu", reason: r, untill: x }
windows: none
lookahead: 3`;
    expect(mistakesOf(aDocument(lines)).map((mistake) => mistake.replace(/ — .*/, ''))).toEqual([
      '6:1 preemption.victims: missing "victims"',
      '6:1 preemption.protectSeconds: missing "protectSeconds"',
      '6:1 preemption.maxPreemptions: missing "maxPreemptions"',
      '6:1 preemption.hysteresis: missing "hysteresis"',
      '6:1 preemption.resumeSeconds: missing "resumeSeconds"',
      '6:15 preemption.victim: unknown key "victim"',
      expect.stringMatching(/^8:22 holds\[0\]\.when: unknown field "task\.pol"/),
      '8:52 holds[0].untill: unknown key "untill"',
      '9:10 windows: expected a list, got "none"',
      '10:1 lookahead: unknown key "lookahead"',
    ]);
  });

  it('in one sentence that names the first', () => {
    expect(refusal(aDocument('backfil: easy\ndeadlines: late')).message).toBe(
      'The policy has 2 mistakes, the first: line 6, backfil: unknown key "backfil" — did you mean backfill?',
    );
    expect(refusal(aDocument('deadlines: late')).message).toBe(
      'The policy has a mistake: line 6, deadlines: unknown deadlines "late" — use one of lift, ignore',
    );
  });

  it.each([
    ['is empty', '', /the document is empty/],
    ['is a list', '- a', /expected a map, got a list/],
    ['is no YAML', 'order: [class', /line 1: syntax: /],
    ['is two', `${policyText('fifo')}---\nname: other\n`, /a second document begins here/],
    [
      'has a median above its P90',
      policyText('fifo').replace('p50Seconds: 300', 'p50Seconds: 9999'),
      /the median is above the P90/,
    ],
    [
      'fences itself at the first hiccup',
      policyText('fifo').replace('selfFenceSeconds: 15', 'selfFenceSeconds: 5'),
      /less than three heartbeats/,
    ],
  ])('where it %s', (_, text, message) => {
    expect(refusal(text).code).toBe('invalid-document');
    expect(refusal(text).message).toMatch(message);
  });

  it('rather than read slowly, whatever it asks for', () => {
    const nested = 'range(1000).map(a, range(1000).map(b, range(1000)))'.repeat(3);
    const rules = Array.from(
      { length: 100 },
      (_, i) => `{ name: r${i}, when: 'size(${nested}) > ${i}', pools: [gpu] }`,
    );
    expect(mistakesOf(aDocument(`route: { rules: [${rules.join(', ')}] }`)).length).toBeGreaterThan(99);
  });

  it('and never makes the reader fail otherwise, whatever stands in its places', () => {
    const { version, ...whole } = readPolicy(policyText('cost-saver'));
    const anything = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('size', 'none', 0, 1, '* * * * *'),
    );
    const places = Object.keys(whole);
    const element = fc.record({
      name: anything,
      when: anything,
      opens: anything,
      hours: anything,
      zone: anything,
    });
    const value = fc.oneof(anything, fc.array(element), fc.record({ rules: fc.array(element) }));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...places), value, { minKeys: 1 }), (over) => {
        try {
          readPolicy(JSON.stringify({ ...whole, ...over }));
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid-document' });
        }
      }),
    );
  });
});
