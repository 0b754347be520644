import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child that leads its own process group and never outlives us. */
export interface GuardedChild {
  readonly pid: number;
  /** Settles once it has ended, whatever ended it. */
  readonly exited: Promise<Exit>;
  /** SIGTERM to the group, SIGKILL after the grace; settles when it is gone. */
  stop(graceMs: number): Promise<void>;
  /** SIGKILL to the whole group, at once. */
  kill(): void;
}

interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Where its stdout and stderr go; nowhere by default. */
  readonly logFile?: string;
}

/**
 * The lifeline: reads a pipe whose only writer is us. A word means that the child has ended; the end of the file means
 * that we are gone, SIGKILL included, so the child's group goes too: TERM first, KILL 8 s later.
 */
const LIFELINE = `
read -r word && exit 0
kill -TERM "-$1" 2>/dev/null || exit 0
for second in 1 2 3 4 5 6 7 8; do sleep 1; kill -0 "-$1" 2>/dev/null || exit 0; done
kill -KILL "-$1"`;

/** The groups to end should this process exit without having stopped them: at a second Ctrl-C, or an error nobody caught. */
const living = new Set<number>();
process.on('exit', () => {
  for (const pid of living) signalGroup(pid, 'SIGKILL');
});

/** Starts a program in a process group of its own, so that a Ctrl-C reaches us alone and we decide the order of leaving. */
export async function spawnGuarded(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<GuardedChild> {
  const child = spawnDetached(command, args, options);
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid as number;
  const release = holdLifeline(pid);
  living.add(pid);
  void exited.then(() => {
    living.delete(pid);
    release();
  });
  return {
    pid,
    exited,
    kill: () => signalGroup(pid, 'SIGKILL'),
    stop: (graceMs) => stop(pid, exited, graceMs),
  };
}

function spawnDetached(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const output = options.logFile === undefined ? 'ignore' : openSync(options.logFile, 'a');
  try {
    return spawn(command, args, {
      detached: true,
      stdio: ['ignore', output, output],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env ?? process.env,
    });
  } finally {
    if (typeof output === 'number') closeSync(output);
  }
}

/** Ties the group of `pid` to our life; returns what unties it. */
function holdLifeline(pid: number): () => void {
  const watch = spawn('/bin/sh', ['-c', LIFELINE, 'signalbox-lifeline', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watch.on('error', () => undefined);
  watch.stdin.on('error', () => undefined);
  watch.unref();
  (watch.stdin as unknown as { unref(): void }).unref();
  return () => watch.stdin.end('ended\n');
}

async function stop(pid: number, exited: Promise<Exit>, graceMs: number): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  const deadline = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
  await exited;
  clearTimeout(deadline);
}

/** Signals every process of a group; a group that is gone is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * A text that tells this process from any other that ever bears its pid: its start time (and the boot it belongs to).
 * Null where no such process lives.
 */
export function processIdentity(pid: number): string | null {
  try {
    if (process.platform !== 'linux') return startTimeByPs(pid);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; it only waits to be collected.
    if (fields[0] === 'Z') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return null;
  }
}

function startTimeByPs(pid: number): string | null {
  const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  return started === '' ? null : started;
}
