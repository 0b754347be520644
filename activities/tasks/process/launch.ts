import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { TaskFailure } from '../failure.js';
import { LEASE_MARK } from './end.js';

/**
 * Runs the program in place of itself, in a session and process group of its own. A watcher in the group holds the lifeline
 * (descriptor 3): when the worker dies, however it dies, the lifeline ends and the watcher kills the whole group, strays with
 * the lease's mark first. It ignores SIGTERM, so it outlives the grace; and while it lives the group's number is not reused.
 */
const LAUNCHER = `
trap '' TERM INT HUP
(
  read -r _ <&3
  for file in $(grep -lsF "${LEASE_MARK}=$0" /proc/[0-9]*/environ); do
    file=\${file%/environ}
    kill -KILL "\${file#/proc/}"
  done
  kill -KILL -- "-$$"
) </dev/null >/dev/null 2>&1 &
echo $! >&3
trap - TERM INT HUP
exec env "${LEASE_MARK}=$0" "$@" 3<&-
`;

/** What to launch: a program without shell, or a text for `sh -c`. */
export interface Launch {
  readonly command: string | readonly string[];
  readonly lease: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A launched program: its group, its output streams and how it exits. */
export interface Launched {
  readonly group: number;
  /** The launcher's own process in the group, which does not count as the task's; null before it has told. */
  watcher(): number | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<Exit>;
}

/** An exit code, or the signal that ended the program. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Starts the program. Throws `launch-failed` where it cannot even begin, e.g. in a folder that does not exist. */
export const launch = async ({ command, lease, cwd, env }: Launch): Promise<Launched> => {
  const program = typeof command === 'string' ? ['sh', '-c', command] : command;
  const child = spawn('sh', ['-c', LAUNCHER, lease, ...program], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  }) as unknown as Child;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  await spawned(child, cwd);
  const { stdout, stderr } = child;
  const watcher = firstNumber(child.stdio[3] as Duplex);
  return { group: child.pid as number, watcher, stdout, stderr, exited };
};

const firstNumber = (lifeline: Duplex): (() => number | null) => {
  let told: number | null = null;
  lifeline.once('data', (line) => {
    told = Number(String(line));
  });
  lifeline.on('error', () => undefined);
  return () => told;
};

type Child = ChildProcessByStdio<null, Readable, Readable>;

const spawned = (child: Child, cwd: string) =>
  new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(new TaskFailure('launch-failed', `Cannot start in ${cwd}: ${cause.message}`, { cause })),
    );
  });
