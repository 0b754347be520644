import { z } from 'zod';
import { POOLS, PRIORITY_CLASSES } from '../resources.js';
import { BYTE_SIZE, bytesOf, DURATION, durationSeconds } from './amounts.js';
import { PARAMETER_TYPES } from './values.js';

/** A year: longer than any attempt, and within what Temporal's timers take. */
const MAX_SECONDS = 366 * 86_400;
/** A pebibyte: beyond any node. */
const MAX_BYTES = 2 ** 50;

/** Every object of JavaScript has these: a name like one would be found in maps where nobody has put it. */
const OF_ALL_OBJECTS =
  'constructor|hasOwnProperty|isPrototypeOf|propertyIsEnumerable|toLocaleString|toString|valueOf|__[a-zA-Z]+__';
const free = (pattern: string): RegExp => new RegExp(`^(?!(?:${OF_ALL_OBJECTS})$)${pattern}$`);

const NOT_TAKEN = 'and no word that JavaScript keeps, such as constructor';
const NAME_RULE = `letters, digits, - and _, beginning with a letter, 63 at most, ${NOT_TAKEN}`;
const TAG_RULE = 'letters, digits, ., - and _, beginning with a letter or digit, 63 at most';
const LIMIT_RULE = `small letters, digits and -, beginning with a letter, 63 at most, ${NOT_TAKEN}`;
const IDENTIFIER_RULE = `letters, digits and _, beginning with a letter or _, 63 at most, ${NOT_TAKEN}`;
const DURATION_RULE =
  'a duration such as 500ms, 90s, 15m, 2h or 1d, or a number of seconds, above 0 and up to 366d';
const BYTES_RULE = 'a size such as 512MiB, 8GiB or 2GB, or a whole number of bytes, up to 1024TiB';

const name = z.string().regex(free('[a-zA-Z][a-zA-Z0-9_-]{0,62}'), NAME_RULE);
const tag = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/, TAG_RULE);
const limit = z.string().regex(free('[a-z][a-z0-9-]{0,62}'), LIMIT_RULE);
const identifier = z.string().regex(free('[a-zA-Z_][a-zA-Z0-9_]{0,62}'), IDENTIFIER_RULE);
const json = z.json();
const argument = z.union([z.string(), z.number(), z.boolean()], { error: 'a text, a number, true or false' });
const scalar = z.union([argument, z.null()], { error: 'a text, a number, true, false or null' });
const text = z.string().min(1);
const duration = z
  .union([z.number(), z.string().regex(DURATION, DURATION_RULE)], { error: DURATION_RULE })
  .refine((d) => durationSeconds(d) > 0 && durationSeconds(d) <= MAX_SECONDS, DURATION_RULE);
const bytes = z
  .union([z.number(), z.string().regex(BYTE_SIZE, BYTES_RULE)], { error: BYTES_RULE })
  .refine((b) => bytesOf(b) >= 0 && bytesOf(b) <= MAX_BYTES, BYTES_RULE);
const amount = z.number().int().nonnegative().max(1_000_000);

const parameter = z
  .strictObject({
    type: z.enum(PARAMETER_TYPES).describe('The type that a given value must have.'),
    default: json.optional().describe('The value where none is given; without it the parameter is required.'),
    description: z.string().optional().describe('What the parameter is for.'),
    enum: z.array(scalar).min(1).optional().describe('The only values allowed.'),
  })
  .describe('A parameter of the run.');

const command = z.strictObject({
  command: z
    .union([text, z.array(argument).min(1)], {
      error: 'one shell text, or a list: the program and its arguments',
    })
    .describe('A program and its arguments as a list, without a shell; or one text, run by `sh -c`.'),
  env: z.record(z.string(), scalar).optional().describe('Environment variables.'),
  cwd: z.string().optional().describe("Working directory, relative to the worker's project folder."),
  outputs: z
    .array(identifier)
    .optional()
    .describe('Outputs that the program promises to write to the JSON file named in SIGNALBOX_OUTPUT.'),
});
const sql = z.strictObject({
  sql: z
    .union([text, z.array(text).min(1)], { error: 'one SQL text, or a list of statements' })
    .describe("DuckDB statements; the last one's first row gives the outputs."),
  assert: z
    .record(z.string(), text)
    .optional()
    .describe('Quality rules: queries that must return no row, by name.'),
  files: z
    .record(identifier, text)
    .optional()
    .describe("Files that the statements write, by output name, relative to the attempt's folder."),
});
const http = z.strictObject({
  http: z
    .strictObject({
      url: text.describe('The address to call.'),
      method: z
        .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
        .default('GET')
        .describe('The HTTP method.'),
      headers: z.record(z.string(), argument).optional().describe('Request headers.'),
      body: json.optional().describe('A text sent as it is, or any other value sent as JSON.'),
      retryableStatuses: z
        .array(z.number().int().min(100).max(599))
        .default([408, 425, 429, 500, 502, 503, 504])
        .describe('Statuses worth another attempt; every other failure is final.'),
      download: text.optional().describe('Keep the body as this file instead of returning it.'),
    })
    .describe('One HTTP request.'),
});
const fn = z.strictObject({
  function: text.describe('The name under which the worker registered a TypeScript function.'),
  input: json.optional().describe('The argument of the function.'),
});

const retry = z
  .strictObject({
    attempts: z.number().int().min(1).max(100).default(1).describe('Attempts in all, the first included.'),
    initialDelay: duration.default('1s').describe('The wait before the second attempt.'),
    factor: z.number().min(1).max(100).default(2).describe('By what each further wait grows.'),
    maxDelay: duration.default('5m').describe('The longest wait.'),
    final: z
      .array(text)
      .default([])
      .describe('Error codes (`exit-3`, `http-404`, …) after which no further attempt is made.'),
  })
  .describe('Further attempts, with exponential backoff.');

const resources = z
  .strictObject({
    gpu: amount.optional().describe('Devices.'),
    cpu: amount.optional().describe('Cores.'),
    memoryBytes: bytes.optional().describe('Memory, such as 8GiB.'),
    slots: amount.optional().describe('Slots of the io pool.'),
  })
  .describe('The hardware that an attempt holds while it runs.');

const endpoint = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,252}(:[0-9]{1,5})?$/, 'a host in small letters, or host:port');

const placement = z
  .strictObject({
    labels: z
      .record(tag, text)
      .optional()
      .describe('Labels that the node must have, such as a kind of device or a region.'),
    tags: z.array(tag).max(20).optional().describe('What other tasks may know this one by.'),
    near: z
      .array(tag)
      .max(20)
      .optional()
      .describe('Rather on a node where a task with one of these tags runs.'),
    apart: z
      .array(tag)
      .max(20)
      .optional()
      .describe('Never on a node where a task with one of these tags runs.'),
    limits: z
      .record(limit, z.number().int().min(1).max(1_000_000))
      .optional()
      .describe('How much an attempt uses of each limit that the policy names.'),
    endpoints: z
      .array(endpoint)
      .max(20)
      .optional()
      .describe(
        'Services outside that it calls, as host or host:port; a request names its own by its address.',
      ),
    pools: z
      .array(
        z.strictObject({
          pool: z.enum(POOLS).optional().describe('The hardware class; without it the resources tell.'),
          resources: resources.optional(),
          speed: z
            .number()
            .min(0.01)
            .max(100)
            .default(1)
            .describe('How fast it runs there, its own place being 1; at 2 in half the time.'),
        }),
      )
      .min(1)
      .max(8)
      .optional()
      .describe('Other places to run, in the order of preference, after its own pool and resources.'),
  })
  .describe('What the task asks of its node, and of what it shares with others.');

const onFailure = z
  .strictObject({
    fallback: name
      .optional()
      .describe('The task to run when the last attempt has failed; its outputs stand in.'),
    compensate: name
      .optional()
      .describe('The task that undoes this one when the run fails later; the latest done is undone first.'),
  })
  .describe('What to do on failure. The tasks named here do not run otherwise.');

/** The kinds of work, by the key that names each. */
export const RUN_KINDS = ['command', 'sql', 'http', 'function'] as const;

const task = z
  .strictObject({
    description: z.string().optional().describe('What the task does.'),
    needs: z.array(name).default([]).describe('Tasks that must have ended well before this one starts.'),
    pool: z.enum(POOLS).optional().describe('The hardware class; without it the resources tell.'),
    resources: resources.optional(),
    placement: placement.optional(),
    run: z.union([command, sql, http, fn]).describe('The work: a command, sql, http or function.'),
    timeout: duration.default('24h').describe('The longest that one attempt may run.'),
    grace: duration.default('10s').describe('From the request to stop until the process is killed.'),
    estimate: duration.optional().describe('How long an attempt is thought to run, until there is history.'),
    retry: retry.prefault({}),
    forEach: z
      .union([z.array(json), text], { error: 'a list, or one expression that gives a list' })
      .optional()
      .describe(
        'Runs the task once for each item of a list; the task reads it as item, and its place as index.',
      ),
    when: text
      .optional()
      .describe(
        'A CEL condition: where it is false the task is skipped. With forEach it is asked for each item.',
      ),
    onFailure: onFailure.optional(),
    cache: z.boolean().default(false).describe('Reuse the outputs of an earlier run with the same inputs.'),
  })
  .describe('One step of the pipeline.');

/** A pipeline document, version signalbox/v1: the one source for validation, types and the JSON Schema. */
export const pipelineSchema = z
  .strictObject({
    apiVersion: z.literal('signalbox/v1').describe('The version of this format.'),
    kind: z.literal('Pipeline').default('Pipeline').describe('The kind of document.'),
    name: name.describe('The name of the pipeline; history and forecasts are kept under it.'),
    description: z.string().optional().describe('What the pipeline does.'),
    tenant: name.default('default').describe('Whom the work is for, where the run does not say.'),
    priority: z
      .enum(PRIORITY_CLASSES)
      .default('normal')
      .describe('The priority class, where the run does not say.'),
    deadline: z
      .union([duration, z.iso.datetime({ offset: true })], {
        error: `${DURATION_RULE}; or a time such as 2026-11-21T18:00:00Z`,
      })
      .optional()
      .describe('When the run should be done: a duration from its start, or a time with its zone.'),
    parameters: z
      .record(identifier, parameter)
      .default({})
      .describe('What a run may be given; expressions read it as params.NAME.'),
    tasks: z.record(name, task).describe('The steps, by name; expressions read them as tasks.NAME.outputs.'),
  })
  .describe('A Signalbox pipeline.');

/** A checked pipeline with all defaults filled in. */
export type Pipeline = z.output<typeof pipelineSchema>;
/** One task of a checked pipeline. */
export type Task = Pipeline['tasks'][string];
/** A parameter that a pipeline declares. */
export type Parameter = Pipeline['parameters'][string];
