import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { spawnGuarded } from './processes.js';

/**
 * Runs a program to its end and gives what it printed. Throws with the last lines of that where it fails, and with the
 * limit where it takes too long; then its whole process group is gone.
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env: NodeJS.ProcessEnv; readonly limitMs: number },
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-run-'));
  const logFile = join(folder, 'output');
  try {
    const child = await spawnGuarded(command, args, { ...options, logFile });
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      child.kill();
    }, options.limitMs);
    const { code } = await child.exited.finally(() => clearTimeout(deadline));
    const output = await readFile(logFile, 'utf8');
    if (late) throw new Error(`${basename(command)} took longer than ${options.limitMs / 1000} s`);
    if (code !== 0)
      throw new Error(`${basename(command)} failed: ${lastLines(output) || `exit code ${code}`}`);
    return output;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-3).join(' / ').slice(-500);
