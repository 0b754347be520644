import { z } from 'zod';
import { POOLS, PRIORITY_CLASSES } from '../../domain/index.js';

const seconds = z.number().positive().max(31_536_000);
const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'small letters, digits and -, beginning with a letter');
const share = z.number().positive().max(1_000_000);
const usd = z.number().nonnegative().max(1e9);
/** A CEL condition on `task`, asked once, when the task becomes ready. */
const when = z.string().min(1).max(2_000);

const size = z.strictObject({
  /**
   * How long size may hold a task back at most, in multiples of the longest wait that first come, first served would have
   * given of late. `none`: size alone decides, and large work may wait for ever.
   */
  bound: z.union([z.number().positive().max(100), z.literal('none')]),
  /** How fast the hold-back grows with size: 1 reaches 63% of the bound at the average task's size. */
  slope: z.number().positive().max(1_000).default(1),
  /** Counts what a likely failure would waste as size. */
  expectedLoss: z.boolean().default(false),
});

const preemption = z.strictObject({
  /** `lower-class`: only work of a lower class gives way. `larger-remaining`: within a class the larger remaining work too. */
  victims: z.enum(['lower-class', 'larger-remaining']),
  /** A task is safe for so long after each start. */
  protectSeconds: z.number().nonnegative().max(86_400),
  /** A task that has given way so often is safe. */
  maxPreemptions: z.number().int().min(1).max(1_000),
  /** By what factor the gain must exceed the loss, so that two tasks do not push each other out in turn. */
  hysteresis: z.number().min(1).max(100),
  /** What stopping and resuming is taken to cost, on the devices of the task that gives way. */
  resumeSeconds: z.number().nonnegative().max(86_400),
});

const rule = z.strictObject({
  name,
  when,
  /** What the matching task may use instead of what it asks for. */
  pools: z.array(z.enum(POOLS)).min(1).optional(),
  /** Labels that its node must have. */
  labels: z.record(z.string(), z.string()).optional(),
  priorityClass: z.enum(PRIORITY_CLASSES).optional(),
});

const window = z.strictObject({
  name,
  when,
  /** When it opens, as a cron expression of five fields, and for how long. */
  opens: z.string(),
  hours: z.number().positive().max(168),
  /** An IANA time zone. */
  zone: z.string().default('UTC'),
  /** A task is held for so long at most, then it goes though the window is closed. */
  heldAtMostHours: z.number().positive().max(744),
});

const hold = z.strictObject({
  name,
  when,
  reason: z.string().min(1).max(500),
  /** RFC 3339; without it until a policy without this hold is active. */
  until: z.iso.datetime({ offset: true }).optional(),
});

const budget = z
  .strictObject({
    usdPerDay: usd.optional(),
    usdPerMonth: usd.optional(),
    /** What becomes of work that would go over it. */
    exhausted: z.enum(['defer', 'reject']).default('defer'),
  })
  .refine(({ usdPerDay, usdPerMonth }) => usdPerDay !== undefined || usdPerMonth !== undefined, {
    message: 'give usdPerDay, usdPerMonth or both',
  });

const pool = z.strictObject({
  /** The runtime to assume of a task of which nothing is known. */
  prior: z
    .strictObject({ p50Seconds: seconds, p90Seconds: seconds })
    .refine((prior) => prior.p50Seconds <= prior.p90Seconds, 'p50Seconds must not exceed p90Seconds'),
  /** Prices in USD; a pool without them costs nothing. */
  usdPerDeviceHour: usd.default(0),
  usdPerCoreHour: usd.default(0),
});

/** A policy document: how the planner orders, routes, holds, backfills, preempts and prices, and how leases are kept safe. */
export const policySchema = z
  .strictObject({
    apiVersion: z.literal('signalbox/v1'),
    kind: z.literal('Policy'),
    name,
    description: z.string().optional(),
    /**
     * What decides who goes first, the first that differs: `class`, the tenants' `share` of what they used, `size` with age.
     * Arrival, then the id, decide what is left: an empty list is first come, first served.
     */
    order: z
      .array(z.enum(['class', 'share', 'size']))
      .refine((list) => new Set(list).size === list.length, 'name each once')
      .refine(
        (list) => [...list].sort().join() === list.join(),
        'class comes before share, and share before size',
      ),
    /** The classes in the order in which they go, each named once. */
    classes: z
      .array(z.enum(PRIORITY_CLASSES))
      .length(PRIORITY_CLASSES.length, `name all of ${PRIORITY_CLASSES.join(', ')}`)
      .refine((list) => new Set(list).size === list.length, 'name each priority class once')
      .default([...PRIORITY_CLASSES]),
    size: size.optional(),
    shares: z
      .strictObject({
        /** Tenants' weights; one that is not named has weight 1. */
        weights: z.record(z.string(), share).default({}),
        /** Use counts half after so long. */
        halfLifeHours: z.number().positive().max(8_760).default(24),
      })
      .prefault({}),
    /** `lift`: a task goes ahead in time for its deadline. `ignore`: deadlines are only reported. */
    deadlines: z.enum(['lift', 'ignore']).default('ignore'),
    /**
     * `easy`: later work goes ahead where at its P90 it does not delay the first that waits. `none`: nobody overtakes.
     * `greedy`: whoever fits goes, and large work may wait for ever.
     */
    backfill: z.enum(['easy', 'none', 'greedy']).default('easy'),
    /** Waiting tasks of a pool that a cycle considers one by one; those beyond are `behind-queue`. */
    lookAhead: z.number().int().min(1).max(10_000),
    /** Without it nothing gives way. */
    preemption: preemption.optional(),
    route: z
      .strictObject({
        /** Which of the places that a task lists: as it lists them, the one that ends it first, or the cheapest in time. */
        prefer: z.enum(['listed', 'fastest', 'cheapest']).default('listed'),
        rules: z.array(rule).max(100).default([]),
      })
      .prefault({}),
    windows: z.array(window).max(100).default([]),
    holds: z.array(hold).max(100).default([]),
    /** By tenant. */
    budgets: z.record(z.string(), budget).default({}),
    /** How much of each named thing may be in use at once, over all pools. */
    limits: z.record(name, z.number().int().min(1).max(1_000_000)).default({}),
    /** A node that failed this share of its last attempts takes no new work. */
    health: z
      .strictObject({
        drainAtFailureShare: z.number().gt(0).max(1),
        ofLastAttempts: z.number().int().min(2).max(1_000),
      })
      .optional(),
    /** What to take a task for whose forecast rests on fewer attempts than `trust`: what the forecast says, or an average task. */
    fallback: z
      .strictObject({
        trust: z.number().int().nonnegative().max(1_000),
        assume: z.enum(['forecast', 'average']),
      })
      .default({ trust: 0, assume: 'forecast' }),
    pools: z.strictObject({ gpu: pool, cpu: pool, io: pool }),
    /** From SIGTERM to SIGKILL, where the task names no grace of its own. */
    graceSeconds: z.number().nonnegative().max(3_600),
    heartbeatSeconds: seconds,
    /** Without a heartbeat for so long a node stops its own tasks. */
    selfFenceSeconds: seconds,
  })
  .refine((policy) => policy.selfFenceSeconds >= 3 * policy.heartbeatSeconds, {
    path: ['selfFenceSeconds'],
    message: 'must be at least three heartbeats, or a hiccup of the network would kill work that is well',
  });

/** A policy document as it was read, defaults filled in. */
export type PolicyDocument = z.output<typeof policySchema>;
