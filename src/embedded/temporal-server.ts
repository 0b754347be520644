import { readFileSync, rmSync } from 'node:fs';
import { SignalboxError } from '../domain/index.js';
import { livingOwner, recordProcess } from './lock-file.js';
import { freePort } from './ports.js';
import { type Exit, type GuardedChild, processIdentity, signalGroup, spawnGuarded } from './processes.js';
import { prepareNamespace } from './temporal-namespace.js';
import { until } from './until.js';

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
  /** Records the process, so that the next start can remove it should we be killed. */
  readonly pidFile?: string;
  readonly port?: number;
  /** The Web UI's port; no UI where absent. */
  readonly uiPort?: number;
}

/** A dev server that answers, on the loopback address. */
export interface TemporalServer {
  readonly address: string;
  readonly uiUrl: string | null;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
}

/** Starts the dev server and waits until it answers and knows our search attributes. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  if (options.pidFile !== undefined) await removeOrphan(options.pidFile);
  const port = options.port ?? (await freePort());
  const address = `127.0.0.1:${port}`;
  const child = await spawnGuarded(options.binary, serverArguments(port, options), {
    logFile: options.logFile,
  });
  if (options.pidFile !== undefined) recordProcess(options.pidFile, child.pid);
  const stop = async () => {
    await child.stop(5_000);
    if (options.pidFile !== undefined) rmSync(options.pidFile, { force: true });
  };
  try {
    await untilReady(address, child, options.logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  const uiUrl = options.uiPort === undefined ? null : `http://127.0.0.1:${options.uiPort}`;
  return { address, uiUrl, pid: child.pid, exited: child.exited, stop };
}

function serverArguments(port: number, options: TemporalServerOptions): string[] {
  const settings = Object.entries(DYNAMIC_CONFIG).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${value}`,
  ]);
  return [
    'server',
    'start-dev',
    '--ip=127.0.0.1',
    `--port=${port}`,
    ...(options.uiPort === undefined ? ['--headless'] : [`--ui-port=${options.uiPort}`]),
    ...(options.databaseFile === undefined ? [] : [`--db-filename=${options.databaseFile}`]),
    ...settings,
  ];
}

/** A server that an earlier, killed process of ours left behind: proven by pid and start time, it goes. */
async function removeOrphan(pidFile: string): Promise<void> {
  const pid = livingOwner(pidFile);
  if (pid === null) return;
  signalGroup(pid, 'SIGKILL');
  await until('the end of an earlier Temporal server', 10_000, async () => {
    if (processIdentity(pid) !== null) throw new Error(`process ${pid} still lives`);
  });
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
