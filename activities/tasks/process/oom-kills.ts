import { readFileSync } from 'node:fs';

/** The kernel's counts of processes that it killed for want of memory: this container's (cgroup v2), then the machine's. */
const COUNTERS = ['/sys/fs/cgroup/memory.events', '/proc/vmstat'];

/** How many processes the kernel has killed for want of memory so far; 0 where it does not tell. */
export const oomKills = (): number => {
  for (const file of COUNTERS) {
    const count = countIn(file);
    if (count !== null) return count;
  }
  return 0;
};

const countIn = (file: string): number | null => {
  try {
    const found = /^oom_kill (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1];
    return found === undefined ? null : Number(found);
  } catch {
    return null;
  }
};
