import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runProgram } from './run-program.js';

/** The Temporal CLI's release that is downloaded or built; it carries server 1.29.1, on which our figures were measured. */
export const TEMPORAL_VERSION = '1.5.1';

/** How long each step may take. A build takes about 3 minutes on 2 cores; a waiter outlasts one build. */
const LIMITS = { answerMs: 20_000, downloadMs: 20_000, buildMs: 600_000, lockMs: 660_000 };

/** What the resolver looks at; tests give their own. */
export interface ResolveOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Hears one line at a time of what takes long; stderr by default. */
  readonly progress?: (line: string) => void;
  readonly limits?: Partial<typeof LIMITS>;
}

/** One search: where it looks, whom it tells, how long each step may take. */
export interface Search {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (line: string) => void;
  readonly limits: typeof LIMITS;
  readonly cache: string;
  readonly cached: string;
}

/** The options with their defaults filled in. */
export function beginSearch(env: NodeJS.ProcessEnv, options: ResolveOptions): Search {
  const cache = cacheFolder(env);
  return {
    env,
    progress: options.progress ?? ((line) => process.stderr.write(`${line}\n`)),
    limits: { ...LIMITS, ...options.limits },
    cache,
    cached: join(cache, `temporal-${TEMPORAL_VERSION}`),
  };
}

/** The user's cache folder: $XDG_CACHE_HOME/signalbox, else the platform's usual place. */
function cacheFolder(env: NodeJS.ProcessEnv): string {
  const home = env.HOME || homedir();
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'signalbox');
  return process.platform === 'darwin'
    ? join(home, 'Library', 'Caches', 'signalbox')
    : join(home, '.cache', 'signalbox');
}

/** The first executable file of that name on PATH. */
export function programOnPath(env: NodeJS.ProcessEnv, name: string): string | null {
  for (const folder of (env.PATH ?? '').split(delimiter).filter(Boolean)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** A program that does not say its version is none: another architecture, half a file, another `temporal`. */
export async function requireAnswer(search: Search, path: string): Promise<string> {
  const answer = await runProgram(path, ['--version'], { env: search.env, limitMs: search.limits.answerMs });
  if (!/^temporal version/i.test(answer)) {
    throw new Error(`${path} --version answered "${answer.trim().slice(0, 80)}"`);
  }
  return path;
}
