import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { POOLS } from '../src/domain/index.js';
import type { TemporalSettings } from './temporal.js';

const amount = z.number().int().nonnegative();

/** A node's name from its host's: letters, digits, dot, dash and underscore. */
const defaultNode = (pool: string) =>
  `${hostname()
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 50)}-${pool}`;

/** The settings of a pool worker, in the words of the command line; everything but the pool, the API and its token has a default. */
export const poolSettings = z
  .strictObject({
    pool: z.enum(POOLS),
    /** The node's name, unique in the whole system; from the host's name and the pool where absent. */
    node: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i)
      .optional(),
    apiUrl: z.url({ protocol: /^https?$/ }),
    workerToken: z.string().min(1),
    temporal: z.custom<TemporalSettings>((value) => typeof value === 'object' && value !== null),
    /** A folder that all workers share, or `s3://bucket/prefix`. */
    workspace: z.string().min(1).default('.signalbox/workspace'),
    /** What this machine keeps for itself: the node's key, its lock, caches. */
    data: z.string().min(1).default('.signalbox'),
    /** Capacity, where it is to be other than what is found. */
    devices: amount.optional(),
    cores: amount.optional(),
    memoryBytes: amount.optional(),
    slots: amount.optional(),
    /** The devices are declared only: no hardware stands behind them. */
    virtualDevices: z.boolean().default(false),
    labels: z.record(z.string(), z.string()).default({}),
    /** Modules of functions, TypeScript or JavaScript, exported by name as `functions` or as the default. */
    functions: z.array(z.string()).default([]),
    /** A task's `cwd` is relative to this folder. */
    projectFolder: z.string().default('.'),
    /** Variables of the worker's environment that tasks may see besides PATH, HOME, LANG, TMPDIR and the like. */
    passEnv: z.array(z.string()).default([]),
    /** The most that each of a task's two logs may hold: 64 MiB. */
    logLimitBytes: amount.default(64 * 1024 * 1024),
    /** How often a running task's changed checkpoint folder is kept. */
    checkpointEverySeconds: z.number().positive().default(60),
  })
  .refine(({ virtualDevices, devices }) => !virtualDevices || devices !== undefined, {
    message: 'virtual devices need a number: --devices N --virtual-devices',
    path: ['virtualDevices'],
  })
  .transform(({ node, data, projectFolder, ...settings }) => ({
    ...settings,
    node: node ?? defaultNode(settings.pool),
    data: resolve(data),
    projectFolder: resolve(projectFolder),
  }));

/** What may be given. */
export type PoolSettingsInput = z.input<typeof poolSettings>;
/** Checked settings with every default filled in. */
export type PoolSettings = z.output<typeof poolSettings>;
