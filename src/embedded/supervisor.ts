import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { livingOwner, recordProcess } from './lock-file.js';
import { type GuardedChild, processIdentity, signalGroup } from './processes.js';
import { until } from './until.js';

/** The pauses before a child that died is started again: growing, and forgotten once it has lived for a minute. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const LIVED_MS = 60_000;

/** What is kept running. */
export interface Supervision {
  readonly name: string;
  /** Records the process, so that the next start can remove it should we be killed. */
  readonly pidFile: string;
  start(): Promise<GuardedChild>;
  /** Told of each unexpected end. */
  died(why: string): void;
}

/** A child that is started again whenever it ends, until it is stopped. */
export interface Supervised {
  readonly name: string;
  /** SIGTERM, and SIGKILL after the grace. */
  stop(graceMs: number): Promise<void>;
}

/** Starts the child and keeps it running. Throws where the first start fails. */
export async function supervise(supervision: Supervision): Promise<Supervised> {
  const stopping = new AbortController();
  let child: GuardedChild | null = null;
  const launch = async (): Promise<void> => {
    child = await supervision.start();
    recordProcess(supervision.pidFile, child.pid);
  };
  await launch();
  const watching = keepRunning(supervision, stopping.signal, launch, () => child);
  return {
    name: supervision.name,
    stop: async (graceMs) => {
      stopping.abort();
      await child?.stop(graceMs);
      await watching;
      // One that was being started as we began to stop.
      await child?.stop(graceMs);
      rmSync(supervision.pidFile, { force: true });
    },
  };
}

async function keepRunning(
  supervision: Supervision,
  stopping: AbortSignal,
  launch: () => Promise<void>,
  current: () => GuardedChild | null,
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  while (!stopping.aborted) {
    const begunAtMs = performance.now();
    const exit = await current()?.exited;
    if (stopping.aborted) return;
    if (performance.now() - begunAtMs > LIVED_MS) pauseMs = FIRST_PAUSE_MS;
    const how = exit?.signal ?? `exit code ${exit?.code ?? 'unknown'}`;
    supervision.died(`${supervision.name} ended (${how}); it starts again in ${pauseMs / 1000} s`);
    await delay(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    if (stopping.aborted) return;
    await launch().catch((error: Error) => supervision.died(`${supervision.name}: ${error.message}`));
  }
}

/** Removes a process that an earlier, killed start left behind; pid and start time prove that it is that very one. */
export async function removeOrphan(pidFile: string): Promise<void> {
  const pid = livingOwner(pidFile);
  if (pid === null) return rmSync(pidFile, { force: true });
  signalGroup(pid, 'SIGKILL');
  await until(`the end of process ${pid}`, 10_000, async () => {
    if (processIdentity(pid) !== null) throw new Error('it still lives');
  });
  rmSync(pidFile, { force: true });
}
