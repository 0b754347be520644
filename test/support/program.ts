import { join, resolve } from 'node:path';
import { type GuardedChild, spawnGuarded } from '../../src/embedded/processes.js';

const PROGRAM = resolve('bin/signalbox.js');

/** One of our programs as a real process, which a test may kill and start again. */
export interface Program {
  readonly name: string;
  readonly logFile: string;
  pid(): number;
  start(): Promise<void>;
  /** SIGKILL to it and to whatever shares its process group. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL should it not have left after 20 s. */
  stop(): Promise<void>;
}

/** `signalbox ARGS…` with this environment, started in the folder and logging there. */
export async function startProgram(
  name: string,
  args: readonly string[],
  { folder, env }: { readonly folder: string; readonly env: NodeJS.ProcessEnv },
): Promise<Program> {
  const logFile = join(folder, `${name}.log`);
  const launch = (): Promise<GuardedChild> =>
    spawnGuarded(process.execPath, [PROGRAM, ...args], { cwd: folder, env, logFile });
  let child = await launch();
  return {
    name,
    logFile,
    pid: () => child.pid,
    start: async () => {
      child = await launch();
    },
    kill: async () => {
      child.kill();
      await child.exited;
    },
    stop: () => child.stop(20_000),
  };
}
