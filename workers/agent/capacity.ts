import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import type { Pool, Resources } from '../../src/domain/index.js';
import { querySmi, type SmiOptions } from './nvidia-smi.js';

/** What an operator may say of a node instead of having it looked up. */
export interface DeclaredCapacity {
  readonly devices?: number | undefined;
  readonly cores?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly slots?: number | undefined;
}

/** Only io nodes have slots: they bound light work that holds no hardware. */
const DEFAULT_SLOTS: Record<Pool, number> = { gpu: 0, cpu: 0, io: 64 };

/** The node's capacity: what was declared, else what is found. */
export const findCapacity = async (pool: Pool, declared: DeclaredCapacity): Promise<Resources> => ({
  devices: declared.devices ?? (pool === 'gpu' ? await countDevices() : 0),
  cores: declared.cores ?? availableParallelism(),
  memoryBytes: declared.memoryBytes ?? Math.floor(Math.min(totalmem(), cgroupLimit())),
  slots: declared.slots ?? DEFAULT_SLOTS[pool],
});

/** GPUs that nvidia-smi lists; none where it does not answer. */
export const countDevices = async (options: SmiOptions = {}): Promise<number> =>
  (await querySmi(['index'], options))?.length ?? 0;

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
