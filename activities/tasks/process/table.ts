import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** Which process, in which group. */
export interface ProcessId {
  readonly pid: number;
  readonly group: number;
}

/** One process of this machine, zombies left out. */
export interface ProcessInfo extends ProcessId {
  readonly startedAtMs: number;
  readonly memoryBytes: number;
  /** The most that the process itself ever held, where the system tells. */
  readonly peakMemoryBytes: number;
  /** With its children that have ended. */
  readonly cpuSeconds: number;
}

/** USER_HZ: 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

const onLinux = existsSync('/proc/self/stat');

/** All processes. */
export const listProcesses = async (): Promise<readonly ProcessId[]> =>
  onLinux ? pidsInProc().flatMap((pid) => statOf(pid) ?? []) : fromPs(['-ax']);

/** A closer look at some of them; one that has ended is left out. */
export const inspect = async (pids: readonly number[]): Promise<readonly ProcessInfo[]> => {
  if (pids.length === 0) return [];
  return onLinux ? inspectProc(pids) : fromPs(['-p', pids.join(',')]);
};

/** The processes that are wanted. */
export const processes = async (wanted: (id: ProcessId) => boolean): Promise<readonly ProcessInfo[]> =>
  inspect((await listProcesses()).filter(wanted).map(({ pid }) => pid));

/** The processes of a group. */
export const processesOf = (group: number): Promise<readonly ProcessInfo[]> =>
  processes((process) => process.group === group);

const read = (file: string): string | null => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
};

const pidsInProc = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** proc_pid_stat(5): after the name in brackets come state (field 3), parent, group (5) … times (14–17), start (22). */
const statOf = (pid: number) => {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined || 'ZX'.includes(fields[0] ?? 'X')) return null;
  const field = (number: number) => Number(fields[number - 3]);
  return {
    pid,
    group: field(5),
    cpuSeconds: (field(14) + field(15) + field(16) + field(17)) / TICKS_PER_SECOND,
    startedAfterBootSeconds: field(22) / TICKS_PER_SECOND,
  };
};

const inspectProc = (pids: readonly number[]): ProcessInfo[] => {
  const bootSeconds = Number(/^btime (\d+)/m.exec(read('/proc/stat') ?? '')?.[1] ?? 0);
  return pids.flatMap((pid) => {
    const stat = statOf(pid);
    if (stat === null) return [];
    const status = read(`/proc/${pid}/status`) ?? '';
    const { startedAfterBootSeconds, ...rest } = stat;
    return [
      {
        ...rest,
        startedAtMs: (bootSeconds + startedAfterBootSeconds) * 1000,
        memoryBytes: bytesIn(status, 'VmRSS'),
        peakMemoryBytes: bytesIn(status, 'VmHWM'),
      },
    ];
  });
};

/** A line `Name:  123 kB`. */
const bytesIn = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) * 1024;

const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/;

/** macOS, by `ps`, which fails where it has nothing to show. */
export const fromPs = async (which: readonly string[]): Promise<ProcessInfo[]> => {
  const env = { ...process.env, LC_ALL: 'C' };
  const columns = ['-o', 'pid=,pgid=,stat=,rss=,time=,lstart='];
  const shown = await promisify(execFile)('ps', [...which, ...columns], { env, maxBuffer: 1 << 25 }).catch(
    (error) => {
      if (error.code === 1) return { stdout: '' };
      throw error;
    },
  );
  return shown.stdout.split('\n').flatMap((line) => {
    const [, pid, group, state, kibibytes, time = '0', started = ''] = PS_LINE.exec(line) ?? [];
    if (pid === undefined || state?.startsWith('Z')) return [];
    const memoryBytes = Number(kibibytes) * 1024;
    return [
      {
        pid: Number(pid),
        group: Number(group),
        startedAtMs: Date.parse(started),
        memoryBytes,
        peakMemoryBytes: memoryBytes,
        cpuSeconds: seconds(time),
      },
    ];
  });
};

/** `[[days-]hours:]minutes:seconds[.hundredths]` */
const seconds = (time: string): number => {
  const [clock = '', days = '0'] = time.split('-').reverse();
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
};

/** What several processes hold, pages that they share counted once; null where the system does not tell. */
export const sharedOnceBytes = (pids: readonly number[]): number | null => {
  const rollups = pids.flatMap((pid) => read(`/proc/${pid}/smaps_rollup`) ?? []);
  return rollups.length === 0 ? null : rollups.reduce((sum, text) => sum + bytesIn(text, 'Pss'), 0);
};
