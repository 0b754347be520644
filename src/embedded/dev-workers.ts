import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { POOLS, type Pool } from '../domain/index.js';
import type { DevFiles } from './dev-files.js';
import { PACKAGE_ROOT } from './package-root.js';
import { spawnGuarded } from './processes.js';
import { type Supervised, supervise } from './supervisor.js';

/** Devices that a gpu node declares on a machine that has none. */
export const VIRTUAL_DEVICES = 2;

/** What the pool workers are started with. */
export interface DevWorkersOptions {
  readonly files: DevFiles;
  /** Their working folder: where `cwd` of a command begins. */
  readonly folder: string;
  /** How they reach Temporal, the API and the workspace. */
  readonly env: NodeJS.ProcessEnv;
  /** Modules of functions that every pool offers. */
  readonly functions: readonly string[];
  /** Devices that the gpu node declares though no hardware stands behind them; 0 to offer what is found. */
  readonly virtualDevices: number;
  readonly died: (why: string) => void;
}

/** Starts one worker process for each pool and keeps them running. */
export const startDevWorkers = (options: DevWorkersOptions): Promise<Supervised[]> =>
  Promise.all(POOLS.map((pool) => startDevWorker(pool, options)));

/** Whether this machine shows any GPU. */
export async function hasGpu(): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', ['-L'], { timeout: 5_000 });
    return stdout.includes('GPU ');
  } catch {
    return false;
  }
}

const startDevWorker = (pool: Pool, options: DevWorkersOptions): Promise<Supervised> =>
  supervise({
    name: `worker-${pool}`,
    pidFile: options.files.pid(`worker-${pool}`),
    died: options.died,
    start: () =>
      spawnGuarded(process.execPath, workerArguments(pool, options), {
        cwd: options.folder,
        env: options.env,
        logFile: options.files.log(`worker-${pool}`),
      }),
  });

function workerArguments(pool: Pool, options: DevWorkersOptions): string[] {
  return [
    join(PACKAGE_ROOT, 'bin', 'signalbox.js'),
    'worker',
    `--pool=${pool}`,
    `--node=${pool}-1`,
    ...(pool === 'gpu' && options.virtualDevices > 0 ? [`--virtual-devices=${options.virtualDevices}`] : []),
    ...options.functions.map((module) => `--functions=${module}`),
  ];
}
