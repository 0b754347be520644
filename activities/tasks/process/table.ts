import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** One process of this machine, zombies left out. */
export interface ProcessInfo {
  readonly pid: number;
  readonly group: number;
  readonly startedAtMs: number;
  readonly memoryBytes: number;
  /** The most that the process itself ever held, where the system tells. */
  readonly peakMemoryBytes: number;
  /** With its children that have ended. */
  readonly cpuSeconds: number;
}

/** USER_HZ: 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** Which processes to look at closely. */
type Wanted = (process: { readonly pid: number; readonly group: number }) => boolean;

/** The wanted processes; one that ends meanwhile is left out. */
export const processes = (wanted: Wanted): Promise<readonly ProcessInfo[]> =>
  existsSync('/proc/self/stat') ? Promise.resolve(fromProc(wanted)) : fromPs(wanted);

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

const fromProc = (wanted: Wanted): ProcessInfo[] => {
  const bootSeconds = Number(/^btime (\d+)/m.exec(read('/proc/stat') ?? '')?.[1] ?? 0);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => linuxProcess(pid, wanted, bootSeconds));
};

/** proc_pid_stat(5): after the name in brackets come state (field 3), parent, group (5) … times (14–17), start (22). */
const linuxProcess = (pid: string, wanted: Wanted, bootSeconds: number): ProcessInfo[] => {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields?.[number - 3]);
  const ids = { pid: Number(pid), group: field(5) };
  if (fields === undefined || !wanted(ids) || 'ZX'.includes(fields[0] ?? 'X')) return [];
  const status = read(`/proc/${pid}/status`) ?? '';
  const kibibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return [
    {
      ...ids,
      startedAtMs: (bootSeconds + field(22) / TICKS_PER_SECOND) * 1000,
      memoryBytes: kibibytes('VmRSS'),
      peakMemoryBytes: kibibytes('VmHWM'),
      cpuSeconds: (field(14) + field(15) + field(16) + field(17)) / TICKS_PER_SECOND,
    },
  ];
};

const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/;

/** macOS, by `ps`. */
export const fromPs = async (wanted: Wanted): Promise<ProcessInfo[]> => {
  const columns = 'pid=,pgid=,stat=,rss=,time=,lstart=';
  const { stdout } = await promisify(execFile)('ps', ['-axo', columns], {
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 1 << 25,
  });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, group, state, rss, time, started] = PS_LINE.exec(line) ?? [];
    const ids = { pid: Number(pid), group: Number(group) };
    if (pid === undefined || !wanted(ids) || state?.startsWith('Z')) return [];
    const memoryBytes = Number(rss) * 1024;
    return [
      {
        ...ids,
        startedAtMs: Date.parse(started ?? ''),
        memoryBytes,
        peakMemoryBytes: memoryBytes,
        cpuSeconds: seconds(time ?? '0'),
      },
    ];
  });
};

/** `[[days-]hours:]minutes:seconds[.hundredths]` */
const seconds = (time: string): number => {
  const [clock = '', days = '0'] = time.split('-').reverse();
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
};

/** What a group of several processes holds, pages that they share counted once; null where the system does not tell. */
export const sharedOnceBytes = (pids: readonly number[]): number | null => {
  const sizes = pids.map((pid) => /^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1]);
  return sizes.every((size) => size === undefined)
    ? null
    : sizes.reduce((sum, size) => sum + Number(size ?? 0) * 1024, 0);
};
