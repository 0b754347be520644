import { z } from 'zod';
import { POOLS, PRIORITY_CLASSES } from '../../domain/index.js';
import { CRON } from './opening.js';

const seconds = z.number().positive().max(31_536_000);
const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'small letters, digits and -, beginning with a letter, 63 at most');
const share = z.number().positive().max(1_000_000);
const usd = z.number().nonnegative().max(1e9);
const when = z
  .string()
  .min(1)
  .max(2_000)
  .describe('Which tasks it is for: a CEL condition on `task`, asked once, when the task becomes ready.');

const size = z.strictObject({
  bound: z
    .union([z.number().positive().max(100), z.literal('none')], {
      error: 'a number above 0 and up to 100, or none',
    })
    .describe(
      'How long size may hold a task back at most. Where larger work gives way: in multiples of the longest wait that first come, ' +
        'first served would have given; elsewhere of three times what the pool took longest to drain. `none`: size alone decides, ' +
        'and large work may wait for ever.',
    ),
  expectedLoss: z.boolean().default(false).describe('Counts what a likely failure would waste as size.'),
});

const preemption = z.strictObject({
  victims: z
    .enum(['lower-class', 'larger-remaining'])
    .describe(
      '`lower-class`: only work of a lower class gives way. `larger-remaining`: within a class the larger remaining work too.',
    ),
  protectSeconds: z
    .number()
    .nonnegative()
    .max(86_400)
    .describe('A task is safe for so long after each start.'),
  maxPreemptions: z.number().int().min(1).max(1_000).describe('A task that has given way so often is safe.'),
  hysteresis: z
    .number()
    .min(1)
    .max(100)
    .describe(
      'What gives way to a task of its class must have so many times as much left to do, lest two push each other out in turn.',
    ),
  overdueShare: z
    .number()
    .gt(0)
    .max(1)
    .default(0.65)
    .describe(
      'What of a pool overdue work may take from the rest, lest an overload turn into first come, first served.',
    ),
  resumeSeconds: z
    .number()
    .nonnegative()
    .max(86_400)
    .describe('What stopping and resuming is taken to cost, on the devices of the task that gives way.'),
});

const rule = z.strictObject({
  name,
  when,
  pools: z
    .array(z.enum(POOLS))
    .min(1)
    .optional()
    .describe('The pools that the task may use, instead of those that it asks for.'),
  labels: z.record(z.string(), z.string()).optional().describe('Labels that its node must have.'),
  priorityClass: z.enum(PRIORITY_CLASSES).optional().describe('The class that it gets.'),
});

const window = z.strictObject({
  name,
  when,
  opens: z
    .string()
    .regex(CRON, 'a cron expression such as "0 22 * * 1-5": minute, hour, day of the month, month, weekday')
    .describe('When it opens, as a cron expression: minute, hour, day of the month, month, weekday.'),
  hours: z.number().min(0.25).max(744).describe('For how long it stays open.'),
  zone: z.string().default('UTC').describe('An IANA time zone, such as Europe/Berlin.'),
  heldAtMostHours: z
    .number()
    .positive()
    .max(744)
    .describe('A task is held for so long at most, then it goes though the window is closed.'),
});

const hold = z.strictObject({
  name,
  when,
  reason: z.string().min(1).max(500).describe('What people are told who wait for it.'),
  until: z.iso
    .datetime({ offset: true, error: 'a time such as 2026-07-01T08:00:00Z, with Z or an offset' })
    .optional()
    .describe('When it ends by itself; without it, when a policy without this hold is active.'),
});

const budget = z.strictObject({
  usdPerDay: usd.optional(),
  usdPerMonth: usd.optional(),
  exhausted: z
    .enum(['defer', 'reject'])
    .default('defer')
    .describe(
      'What becomes of work that would go over it: it waits for the next day or month, or it is refused.',
    ),
});

const quota = z.strictObject({
  devices: z.number().int().nonnegative().max(1_000_000).optional(),
  cores: z.number().nonnegative().max(1_000_000).optional(),
  slots: z.number().int().nonnegative().max(1_000_000).optional(),
});

const classes = z.array(z.enum(PRIORITY_CLASSES));

const spending = z.strictObject({
  usdPerHour: usd.optional(),
  usdPerDay: usd.optional(),
  exempt: classes.default([]).describe('Classes that start all the same.'),
});

const waiting = z.number().int().min(1).max(10_000_000).optional();

const queues = z.strictObject({
  limits: z
    .strictObject({ gpu: waiting, cpu: waiting, io: waiting })
    .describe('By pool, how many tasks may wait before new runs for it are refused.'),
  exempt: classes.default(['critical', 'high']).describe('Classes of runs that are accepted all the same.'),
});

const trialAfter = z
  .number()
  .positive()
  .max(3_600)
  .describe('After so long one attempt is let through on trial; a failed trial doubles the time.');

const breaker = z.strictObject({
  failureShare: z.number().positive().max(1).describe('It opens when this share'),
  ofLastAttempts: z.number().int().min(2).max(1_000).describe('of the last so many attempts has failed.'),
  trialAfterSeconds: trialAfter,
});

const pool = z.strictObject({
  prior: z
    .strictObject({ p50Seconds: seconds, p90Seconds: seconds })
    .describe('The runtime to assume of a task of which nothing is known.'),
  usdPerDeviceHour: usd.default(0).describe('What an hour of a device costs; without it nothing.'),
  usdPerCoreHour: usd.default(0).describe('What an hour of a core costs; without it nothing.'),
});

/** A policy document: how the planner orders, routes, holds, backfills, preempts and prices, and how leases are kept safe. */
export const policySchema = z.strictObject({
  apiVersion: z.literal('signalbox/v1').describe('The format: signalbox/v1.'),
  kind: z.literal('Policy').describe('What the document is: Policy.'),
  name: name.describe('How decisions call the policy.'),
  description: z.string().optional().describe('What it is for, in a sentence.'),
  order: z
    .array(z.enum(['class', 'share', 'size']))
    .describe(
      "What decides who goes first, the first that differs: `class`, the tenants' `share` of what they used, `size` with age. " +
        'Arrival, then the id, decide what is left: an empty list is first come, first served.',
    ),
  classes: z
    .array(z.enum(PRIORITY_CLASSES))
    .default([...PRIORITY_CLASSES])
    .describe('The classes in the order in which they go, each named once.'),
  size: size.optional().describe('How size and age decide; wanted where the order has `size`.'),
  shares: z
    .strictObject({
      weights: z
        .record(z.string(), share)
        .default({})
        .describe("Tenants' weights; one that is not named has 1."),
      halfLifeHours: z.number().positive().max(8_760).default(24).describe('Use counts half after so long.'),
    })
    .prefault({})
    .describe('How tenants share, where the order has `share`.'),
  deadlines: z
    .enum(['lift', 'ignore'])
    .default('ignore')
    .describe('`lift`: a task goes ahead in time for its deadline. `ignore`: deadlines are only reported.'),
  raise: z
    .strictObject({
      at: z
        .enum(['at-risk', 'infeasible'])
        .default('at-risk')
        .describe(
          '`at-risk`: once its deadline no longer holds at P90. `infeasible`: only once it does not at P50.',
        ),
      to: z.enum(PRIORITY_CLASSES).describe('The class that it gets, where it had a lower one.'),
    })
    .optional()
    .describe('Raises a run whose deadline is in doubt while it runs, once; without it nobody does.'),
  backfill: z
    .enum(['easy', 'none', 'greedy'])
    .default('easy')
    .describe(
      '`easy`: later work goes ahead where at its P90 it does not delay the first that waits. `none`: nobody overtakes. ' +
        '`greedy`: whoever fits goes, and large work may wait for ever.',
    ),
  lookAhead: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .describe(
      'How many waiting tasks of a pool a cycle considers one by one; those beyond are `behind-queue`.',
    ),
  preemption: preemption.optional().describe('Who gives way to whom; without it nobody does.'),
  route: z
    .strictObject({
      prefer: z
        .enum(['listed', 'fastest', 'cheapest'])
        .default('listed')
        .describe(
          'Which of the places that a task lists: the first, the one that ends it first, or the cheapest in time.',
        ),
      rules: z.array(rule).max(100).default([]).describe('Where tasks go, and with which class.'),
    })
    .prefault({})
    .describe('Where tasks go.'),
  windows: z.array(window).max(100).default([]).describe('Hours within which the matching tasks may start.'),
  holds: z.array(hold).max(100).default([]).describe('Tasks that may not start for now.'),
  budgets: z.record(z.string(), budget).default({}).describe('What tenants may spend, by tenant.'),
  quotas: z
    .record(z.string(), quota)
    .optional()
    .describe('What tenants may hold at once over all pools, by tenant: devices, cores, slots.'),
  spending: spending
    .optional()
    .describe(
      'What all tenants together may spend: once work that began in an hour or a day (UTC) costs so much, nothing more starts until it is over.',
    ),
  queues: queues.optional().describe('How long queues may grow before new runs are refused.'),
  limits: z
    .record(name, z.number().int().min(1).max(1_000_000))
    .default({})
    .describe('How much of each named thing may be in use at once, over all pools.'),
  health: z
    .strictObject({
      drainAtFailureShare: z.number().positive().max(1),
      ofLastAttempts: z.number().int().min(2).max(1_000),
      trialAfterSeconds: trialAfter.default(300),
    })
    .optional()
    .describe('A node that failed this share of its last attempts takes no new work.'),
  breakers: z
    .strictObject({ pool: breaker.optional(), endpoint: breaker.optional() })
    .default({})
    .describe(
      'When a pool, or what calls a service outside, takes no new work for a while because too much of it fails.',
    ),
  slowStart: z
    .strictObject({ seconds: z.number().positive().max(86_400) })
    .optional()
    .describe('After an outage a pool fills up over so long, and not all at once.'),
  fallback: z
    .strictObject({
      trust: z.number().int().nonnegative().max(1_000),
      assume: z.enum(['forecast', 'average']),
    })
    .default({ trust: 0, assume: 'forecast' })
    .describe(
      'What to take a task for whose forecast rests on fewer attempts than `trust`: what the forecast says, or an average task.',
    ),
  pools: z
    .strictObject({ gpu: pool, cpu: pool, io: pool })
    .describe('What is assumed and paid in each pool.'),
  graceSeconds: z
    .number()
    .nonnegative()
    .max(3_600)
    .describe('From SIGTERM to SIGKILL, where the task names no grace of its own.'),
  heartbeatSeconds: seconds.describe('How often a node says that it lives.'),
  selfFenceSeconds: seconds.describe('Without an answer for so long a node stops its own tasks.'),
});

/** A policy document as it was read, defaults filled in. */
export type PolicyDocument = z.output<typeof policySchema>;
