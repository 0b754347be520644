import { spawn } from 'node:child_process';

/** How a command ended and what it printed. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way. */
export interface RunningCommand {
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
  signal(signal: NodeJS.Signals): void;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
}

/** Starts `signalbox ARGS…` as a real process, away from any terminal and any setting of this machine. */
export const startCommand = (
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  input = '',
): RunningCommand => {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['bin/signalbox.js', ...args], { env: { PATH, HOME, ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(input);
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    signal: (signal) => void child.kill(signal),
    ended: new Promise((resolve, reject) => {
      child.on('error', reject).on('close', resolve);
    }),
  };
};

/** The same, to its end. */
export const signalbox = async (
  args: readonly string[],
  { env = {}, input = '' }: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<Finished> => {
  const command = startCommand(args, env, input);
  const code = await command.ended;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
};
