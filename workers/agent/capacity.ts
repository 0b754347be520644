import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Pool, Resources } from '../../src/domain/index.js';

/** What an operator may say of a node instead of having it looked up. */
export interface DeclaredCapacity {
  readonly devices?: number | undefined;
  readonly cores?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly slots?: number | undefined;
}

const NVIDIA_SMI_TIMEOUT_MS = 3000;
/** Only io nodes have slots: they bound light work that holds no hardware. */
const DEFAULT_SLOTS: Record<Pool, number> = { gpu: 0, cpu: 0, io: 64 };

/** The node's capacity: what was declared, else what is found. */
export const findCapacity = async (pool: Pool, declared: DeclaredCapacity): Promise<Resources> => ({
  devices: declared.devices ?? (pool === 'gpu' ? await countDevices() : 0),
  cores: declared.cores ?? availableParallelism(),
  memoryBytes: declared.memoryBytes ?? Math.floor(Math.min(totalmem(), cgroupLimit())),
  slots: declared.slots ?? DEFAULT_SLOTS[pool],
});

/** GPUs that nvidia-smi lists; none where it is missing, fails or hangs (it may, in a driver, past any kill). */
export const countDevices = async (
  program = 'nvidia-smi',
  timeoutMs = NVIDIA_SMI_TIMEOUT_MS,
): Promise<number> => {
  const given = new AbortController();
  const query = promisify(execFile)(program, ['--query-gpu=index', '--format=csv,noheader'], {
    signal: given.signal,
    killSignal: 'SIGKILL',
  });
  const lines = query.then(({ stdout }) => stdout.split('\n').filter((line) => /^\d+\s*$/.test(line)));
  const patience = delay(timeoutMs, [], { signal: given.signal });
  try {
    return (await Promise.race([lines, patience])).length;
  } catch {
    return 0;
  } finally {
    for (const unheard of [lines, patience]) unheard.catch(() => undefined);
    given.abort();
  }
};

/** A container's memory limit (cgroup v2, then v1); infinite where there is none. */
const cgroupLimit = (): number => {
  for (const file of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    try {
      const limit = Number(readFileSync(file, 'utf8'));
      if (limit > 0) return limit;
    } catch {
      // no such cgroup version here
    }
  }
  return Number.POSITIVE_INFINITY;
};
