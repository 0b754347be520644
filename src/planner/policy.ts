import { parseDocument } from 'yaml';
import { z } from 'zod';
import { PRIORITY_CLASSES, SignalboxError } from '../domain/index.js';

const seconds = z.number().positive().max(31_536_000);
const poolPolicy = z.strictObject({
  /** The runtime to assume of a task of which nothing is known. */
  prior: z
    .strictObject({ p50Seconds: seconds, p90Seconds: seconds })
    .refine((prior) => prior.p50Seconds <= prior.p90Seconds, 'p50Seconds must not exceed p90Seconds'),
  /** Prices in USD; a pool without them costs nothing. */
  usdPerDeviceHour: z.number().nonnegative().default(0),
  usdPerCoreHour: z.number().nonnegative().default(0),
});

/** A policy document: how the planner orders, looks ahead and prices, and how leases are kept safe. */
export const policySchema = z.strictObject({
  apiVersion: z.literal('signalbox/v1'),
  kind: z.literal('Policy'),
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  description: z.string().optional(),
  /** `class`: by priority class, then arrival. `arrival`: first come, first served, whatever the class. */
  order: z.enum(['class', 'arrival']),
  /** The classes in the order in which they go, each named once. */
  classes: z
    .array(z.enum(PRIORITY_CLASSES))
    .refine(
      (list) => new Set(list).size === PRIORITY_CLASSES.length,
      'name each priority class exactly once',
    ),
  /** Waiting tasks of a pool that a cycle considers one by one; those beyond are `behind-queue`. */
  lookAhead: z.number().int().min(1).max(10_000),
  pools: z.strictObject({ gpu: poolPolicy, cpu: poolPolicy, io: poolPolicy }),
  /** From SIGTERM to SIGKILL, where the task names no grace of its own. */
  graceSeconds: z.number().nonnegative().max(3_600),
  heartbeatSeconds: seconds,
  /** Without a heartbeat for so long a node stops its own tasks: several heartbeats, or a hiccup kills work. */
  selfFenceSeconds: seconds,
});

/** A checked policy with the version that decisions name: its name and a hash of its content. */
export type Policy = z.output<typeof policySchema> & { readonly version: string };

/** Reads a policy document; `version` must name its content. Throws `invalid-document` with every mistake and its place. */
export const readPolicy = (text: string): Policy => {
  const document = parseDocument(text);
  const result = policySchema.safeParse(document.toJS());
  if (!result.success) throw new SignalboxError('invalid-document', result.error.message);
  return { ...result.data, version: result.data.name };
};
