import { z } from 'zod';
import { didYouMean } from '../domain/document/index.js';
import {
  type Act,
  EVENT_KINDS,
  MAX_NAME,
  MAX_REASON,
  POOLS,
  PRIORITY_CLASSES,
  type Problem,
  pipelineSchema,
  RUN_STATUSES,
  SignalboxError,
} from '../domain/index.js';
import { json } from './schemas.js';

/** The body of `POST /v1/runs`. */
export const startRun = z.strictObject({
  /** The pipeline document: YAML or JSON text, or the document itself. */
  document: z.union([z.string().min(1), z.record(z.string(), json)], {
    error: 'must be the pipeline document: YAML or JSON text, or an object',
  }),
  params: z.record(z.string(), json).default({}),
  priority: z.enum(PRIORITY_CLASSES).optional(),
  /** From now (`2h`), or an RFC 3339 time. */
  deadline: pipelineSchema.shape.deadline,
  tenant: pipelineSchema.shape.tenant.unwrap().optional(),
});
export type StartRun = z.input<typeof startRun>;

/** The query of `POST /v1/runs`: `dryRun=true` answers with the forecast and starts nothing. */
export const startQuery = z.strictObject({ dryRun: z.enum(['true', 'false']).optional() });
/** The query of `GET /v1/runs`. */
export const listRuns = z.strictObject({
  status: z.enum(RUN_STATUSES).optional(),
  pipeline: pipelineSchema.shape.name.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().min(1).max(200).optional(),
});
export type ListRuns = Partial<z.output<typeof listRuns>>;

/** One line, without marks that turn the direction of what follows: what goes into the log is printed on terminals. */
const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u, 'must be one line of text');
const who = { by: line(MAX_NAME).optional(), reason: line(MAX_REASON).optional() };
/** The body of every act: who, and why. */
export const act = z.strictObject(who).default({});
export type Who = NonNullable<z.input<typeof act>>;
/** What the record says where a name or a reason is missing. */
export const actOf = ({ by = 'somebody', reason = 'no reason given' }: z.output<typeof act>): Act => ({
  by,
  reason,
});
/** The body of `POST /v1/runs/{id}/priority`. */
export const changePriority = z.strictObject({ priority: z.enum(PRIORITY_CLASSES), ...who });
/** The body of `POST /v1/runs/{id}/deadline`: from now (`2h`), an RFC 3339 time, or null for none. */
export const changeDeadline = z.strictObject({
  deadline: pipelineSchema.shape.deadline.unwrap().nullable(),
  ...who,
});
/** The body of `POST /v1/runs/{id}/tasks/{task}/pin`. */
export const pinTask = z.strictObject({ node: z.string().min(1).max(200), ...who });
/** The body of `POST /v1/pause`, and of a pool's: for how long, where it is to end by itself. */
export const pausePool = z
  .strictObject({ for: pipelineSchema.shape.tasks.valueType.shape.timeout.unwrap().optional(), ...who })
  .default({});
/** A pool in an address. */
export const onePool = z.strictObject({ pool: z.enum(POOLS).optional() });
/** The query of `GET /v1/runs/{id}/explain`. */
export const explainQuery = z.strictObject({ task: z.string().min(1).max(200).optional() });
/** The query of `GET /v1/runs/{id}/tasks/{key}/logs`. */
export const logsQuery = z.strictObject({
  stream: z.enum(['stdout', 'stderr']).default('stdout'),
  attempt: z.coerce.number().int().min(1).optional(),
  offset: z.coerce.number().int().min(0).default(0),
});
/** The query of `GET /v1/nodes`. */
export const nodesQuery = z.strictObject({ pool: z.enum(POOLS).optional() });
/** The query of `GET /v1/usage`. */
export const usageQuery = z.strictObject({ tenant: pipelineSchema.shape.tenant.unwrap().optional() });
/** The query of `GET /v1/attempts`. */
export const listSettled = z.strictObject({
  pipeline: pipelineSchema.shape.name.optional(),
  task: z.string().min(1).max(200).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});
export type ListSettled = Partial<z.output<typeof listSettled>>;
/** The query of `GET /v1/history`. */
export const listHistory = z.strictObject({
  since: z.iso.datetime({ offset: true }),
  limit: z.coerce.number().int().min(1).max(200).default(100),
  cursor: z.string().min(1).max(200).optional(),
});
export type ListHistory = Partial<z.output<typeof listHistory>> & { readonly since: string };
/** A misspelt kind would be a log that stays empty. */
const unknownKind = (kind: string): string =>
  `unknown kind ${JSON.stringify(kind.slice(0, 40))}; there are ${EVENT_KINDS.join(', ')}${didYouMean(kind, EVENT_KINDS)}`;
/** The query of `GET /v1/events`: those after a number, or the newest so many. As a stream it goes on after these. */
export const eventsQuery = z
  .strictObject({
    after: z.coerce.number().int().min(0).optional(),
    last: z.coerce.number().int().min(0).max(1000).optional(),
    run: z.string().min(1).max(200).optional(),
    kind: z.enum(EVENT_KINDS, { error: ({ input }) => unknownKind(String(input)) }).optional(),
    limit: z.coerce.number().int().min(1).max(1000).default(200),
  })
  .refine(({ after, last }) => after === undefined || last === undefined, {
    path: ['last'],
    error: 'cannot be given with after',
  });
export type EventsQuery = Partial<z.output<typeof eventsQuery>>;
/** The query of `GET /v1/recordings`. */
export const recordingsQuery = z
  .strictObject({ from: z.iso.datetime({ offset: true }), to: z.iso.datetime({ offset: true }) })
  .refine(({ from, to }) => Date.parse(from) <= Date.parse(to), { path: ['to'], error: 'lies before from' });
export type RecordingsQuery = z.output<typeof recordingsQuery>;
/** The query of `GET /v1/recordings/{writer}`: which part to begin with. */
export const recordingQuery = z.strictObject({
  from: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(500),
});
export type RecordingQuery = Partial<z.output<typeof recordingQuery>>;
/** The query of `GET /v1/demand`: a week ahead at most, for the hours of the week are what it knows. */
export const demandQuery = z.strictObject({
  pool: z.enum(POOLS).optional(),
  hours: z.coerce.number().int().min(1).max(168).default(6),
});
export type DemandQuery = Partial<z.output<typeof demandQuery>>;
/** Who changes the policy in force, and why; `expect`: the version that must be in force for it. */
const policyAct = {
  reason: line(MAX_REASON),
  by: line(MAX_NAME).default('the API'),
  expect: z.string().min(1).max(200).optional(),
};
const policyDocument = z.union([z.string().min(1), z.record(z.string(), json)], {
  error: 'must be the policy document: YAML or JSON text, or an object',
});
/** The body of `POST /v1/policies/validate`. */
export const checkPolicy = z.strictObject({ document: policyDocument });
/** The body of `POST /v1/policies/activate`: a document, or the version of one that is stored. */
export const activatePolicy = z
  .strictObject({
    document: policyDocument.optional(),
    version: z.string().min(1).max(200).optional(),
    ...policyAct,
  })
  .refine(({ document, version }) => (document === undefined) !== (version === undefined), {
    error: 'give either a document or the version of one that is stored',
  });
export type ActivatePolicy = z.input<typeof activatePolicy>;
/** The body of `POST /v1/policies/rollback`: to the version before, or to the one named. */
export const rollbackPolicy = z.strictObject({ to: z.string().min(1).max(200).optional(), ...policyAct });
export type RollbackPolicy = z.input<typeof rollbackPolicy>;
/** The header `Idempotency-Key`. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'the Idempotency-Key must be 1 to 200 visible ASCII characters')
  .optional();
/** Where no query is understood. */
export const nothing = z.strictObject({});

/** Checks a body or query; throws `invalid-request` with every mistake by its path. */
export const parse = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap(problemsOf).filter(isFirst);
  throw new SignalboxError('invalid-request', `The request is wrong: ${inOneLine(problems)}.`, problems);
};

/** A value that breaks one rule twice is one mistake. */
const isFirst = ({ path, message }: Problem, index: number, all: readonly Problem[]): boolean =>
  all.findIndex((other) => other.path === path && other.message === message) === index;

const inOneLine = (problems: readonly Problem[]): string =>
  problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');

const problemsOf = (issue: z.core.$ZodIssue): Problem[] => {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys')
    return [{ path, message: wordsOf(issue.message), mend: 'correct it' }];
  return issue.keys.map((key) => ({
    path: [path, key].filter(Boolean).join('.'),
    message: `unknown field "${key}"`,
    mend: 'leave it out, or correct its name',
  }));
};

/** A rule that names a thing ("a duration such as …") becomes what is asked for. */
const wordsOf = (rule: string): string =>
  /^an? /.test(rule) ? `must be ${rule}` : rule.charAt(0).toLowerCase() + rule.slice(1);
