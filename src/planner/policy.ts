import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { PRIORITY_CLASSES, type Problem, SignalboxError } from '../domain/index.js';
import { digest } from './digest.js';

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
const policySchema = z
  .strictObject({
    apiVersion: z.literal('signalbox/v1'),
    kind: z.literal('Policy'),
    name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
    description: z.string().optional(),
    /** `class`: by priority class, then arrival. `arrival`: first come, first served, whatever the class. */
    order: z.enum(['class', 'arrival']),
    /** The classes in the order in which they go, each named once. */
    classes: z
      .array(z.enum(PRIORITY_CLASSES))
      .length(PRIORITY_CLASSES.length, `name all of ${PRIORITY_CLASSES.join(', ')}`)
      .refine((list) => new Set(list).size === list.length, 'name each priority class once'),
    /** Waiting tasks of a pool that a cycle considers one by one; those beyond are `behind-queue`. */
    lookAhead: z.number().int().min(1).max(10_000),
    pools: z.strictObject({ gpu: poolPolicy, cpu: poolPolicy, io: poolPolicy }),
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

/** A checked policy with the version that decisions name: its name and a digest of its content. */
export type Policy = z.output<typeof policySchema> & { readonly version: string };

/** Reads a policy document. Throws `invalid-document` with every mistake, its path and its line. */
export const readPolicy = (text: string): Policy => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [syntax] = document.errors;
  if (syntax) throw refused([{ path: '', message: syntax.message, mend: 'Correct the YAML.' }]);
  const result = policySchema.safeParse(document.toJS());
  if (result.success) {
    return { ...result.data, version: `${result.data.name}@${digest(JSON.stringify(result.data))}` };
  }
  throw refused(
    result.error.issues.map(({ path, message }) => ({
      path: path.join('.'),
      message,
      mend: 'See policies/default.yaml, where every field is explained.',
      ...place(document, path, lines),
    })),
  );
};

const refused = (problems: readonly Problem[]): SignalboxError =>
  new SignalboxError(
    'invalid-document',
    `The policy has ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}: ${problems
      .map(({ path, message, line }) => `${line ? `line ${line}: ` : ''}${path ? `${path}: ` : ''}${message}`)
      .join('; ')}`,
    problems,
  );

/** The line and column of the nearest part of the document that exists. */
const place = (
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  lines: LineCounter,
): { line?: number; column?: number } => {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as
      | { range?: [number, number, number] }
      | undefined;
    if (node?.range) {
      const { line, col } = lines.linePos(node.range[0]);
      return { line, column: col };
    }
  }
  return {};
};
