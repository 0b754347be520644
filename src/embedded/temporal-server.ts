import { readFileSync } from 'node:fs';
import { SignalboxError } from '../domain/index.js';
import { type GuardedChild, spawnGuarded } from './processes.js';
import { prepareNamespace } from './temporal-namespace.js';

/** How the dev server is tuned; each value won its place by a measurement (a step 102 ms -> 13.5 ms, continue-as-new 1 s -> 25 ms). */
const DYNAMIC_CONFIG = {
  'frontend.enableServerVersionCheck': 'false',
  'frontend.WorkerHeartbeatsEnabled': 'true',
  'frontend.ListWorkersEnabled': 'true',
  'history.transferProcessorMaxPollRPS': '100',
  'history.timerProcessorMaxPollRPS': '100',
  'history.workflowIdReuseMinimalInterval': '"0s"',
  'matching.enableFairness': 'true',
  'matching.numTaskqueueReadPartitions': '1',
  'matching.numTaskqueueWritePartitions': '1',
} as const;

/** What the dev server is started with. */
export interface TemporalServerOptions {
  readonly binary: string;
  readonly logFile: string;
  /** Keeps its state in this file; in memory where absent. */
  readonly databaseFile?: string;
  readonly port: number;
  /** The Web UI's port; no UI where absent. */
  readonly uiPort?: number;
}

/** Starts the dev server on the loopback address and waits until it answers and knows our search attributes. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<GuardedChild> {
  const child = await spawnGuarded(options.binary, serverArguments(options), { logFile: options.logFile });
  try {
    await untilReady(`127.0.0.1:${options.port}`, child, options.logFile);
    return child;
  } catch (error) {
    child.kill();
    throw error;
  }
}

function serverArguments(options: TemporalServerOptions): string[] {
  const settings = Object.entries(DYNAMIC_CONFIG).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${value}`,
  ]);
  return [
    'server',
    'start-dev',
    '--ip=127.0.0.1',
    `--port=${options.port}`,
    ...(options.uiPort === undefined ? ['--headless'] : [`--ui-port=${options.uiPort}`]),
    ...(options.databaseFile === undefined ? [] : [`--db-filename=${options.databaseFile}`]),
    ...settings,
  ];
}

async function untilReady(address: string, child: GuardedChild, logFile: string): Promise<void> {
  const died = child.exited.then(({ code, signal }) => {
    throw new SignalboxError(
      'temporal-unavailable',
      `The Temporal server ended as it started (${signal ?? `exit code ${code}`}); ${logFile} ends: ${tail(logFile)}`,
    );
  });
  died.catch(() => undefined);
  await Promise.race([prepareNamespace(address, 'default'), died]);
}

const tail = (logFile: string): string => readFileSync(logFile, 'utf8').trim().slice(-500);
