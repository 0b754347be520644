import { z } from 'zod';
import { POOLS, PRIORITY_CLASSES } from '../resources.js';

/** Names of pipelines, tasks, parameters and outputs: also CEL identifiers, so without dashes where CEL reads them. */
const name = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/i);
const identifier = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/i);
/** `90s`, `15m`, `2h`, `1d`, or a number of seconds. */
export const duration = z.union([z.number().positive(), z.string().regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/)]);
/** `512MiB`, `8GiB`, `2GB`, or a number of bytes. */
export const bytes = z.union([
  z.number().int().nonnegative(),
  z.string().regex(/^\d+(\.\d+)?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/),
]);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const json = z.json();

const parameter = z.strictObject({
  type: z.enum(['string', 'number', 'integer', 'boolean', 'list', 'object']),
  default: json.optional(),
  description: z.string().optional(),
  enum: z.array(scalar).min(1).optional(),
});

const command = z.strictObject({
  command: z.union([z.string().min(1), z.array(z.string()).min(1)]),
  env: z.record(z.string(), scalar).optional(),
  cwd: z.string().optional(),
  outputs: z.array(identifier).optional(),
});
const sql = z.strictObject({
  sql: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  assert: z.record(z.string(), z.string()).optional(),
  files: z.record(identifier, z.string()).optional(),
});
const http = z.strictObject({
  http: z.strictObject({
    url: z.string().min(1),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
    headers: z.record(z.string(), z.string()).optional(),
    body: json.optional(),
    retryableStatuses: z.array(z.number().int().min(100).max(599)).optional(),
    download: z.string().optional(),
  }),
});
const fn = z.strictObject({ function: z.string().min(1), input: json.optional() });

const retry = z.strictObject({
  /** Attempts in all, the first included. */
  attempts: z.number().int().min(1).max(100).default(1),
  initialDelay: duration.default('1s'),
  factor: z.number().min(1).max(100).default(2),
  maxDelay: duration.default('5m'),
  /** Error codes or exit codes (`exit-3`) after which no further attempt is made. */
  final: z.array(z.string()).default([]),
});

const task = z.strictObject({
  description: z.string().optional(),
  needs: z.array(name).default([]),
  pool: z.enum(POOLS).optional(),
  resources: z
    .strictObject({
      gpu: z.number().int().nonnegative().optional(),
      cpu: z.number().int().nonnegative().optional(),
      memoryBytes: bytes.optional(),
      slots: z.number().int().nonnegative().optional(),
    })
    .optional(),
  run: z.union([command, sql, http, fn]),
  timeout: duration.default('24h'),
  grace: duration.default('10s'),
  estimate: duration.optional(),
  retry: retry.prefault({}),
  /** A list, or one expression that gives a list; each item is `${{ item }}`, its place `${{ index }}`. */
  forEach: z.union([z.array(json), z.string()]).optional(),
  when: z.string().optional(),
  onFailure: z.strictObject({ fallback: name.optional(), compensate: name.optional() }).optional(),
  cache: z.boolean().default(false),
});

/** A pipeline document, version signalbox/v1: the one source for validation, types and the JSON Schema. */
export const pipelineSchema = z.strictObject({
  apiVersion: z.literal('signalbox/v1'),
  kind: z.literal('Pipeline').default('Pipeline'),
  name,
  description: z.string().optional(),
  tenant: name.default('default'),
  priority: z.enum(PRIORITY_CLASSES).default('normal'),
  /** From the run's start, or an RFC 3339 time. */
  deadline: z.union([duration, z.iso.datetime({ offset: true })]).optional(),
  parameters: z.record(identifier, parameter).default({}),
  tasks: z.record(name, task),
});

/** A checked pipeline with all defaults filled in. */
export type Pipeline = z.output<typeof pipelineSchema>;
/** One task of a checked pipeline. */
export type Task = Pipeline['tasks'][string];
