import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Problem, SignalboxError } from '../domain/index.js';
import { takeLock } from './lock-file.js';
import { runProgram } from './run-program.js';

/** The Temporal CLI's release that is downloaded or built; it carries server 1.29.1, on which our figures were measured. */
export const TEMPORAL_VERSION = '1.5.1';

/** Where the Temporal server comes from: one that runs already, or a program to start. */
export type TemporalSource =
  | { readonly kind: 'address'; readonly address: string }
  | {
      readonly kind: 'binary';
      readonly path: string;
      readonly from: 'path' | 'cache' | 'download' | 'go';
    };

/** What the resolver looks at; tests give their own. */
export interface ResolveOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Hears one line at a time of what takes long; stderr by default. */
  readonly progress?: (line: string) => void;
  readonly limits?: Partial<typeof LIMITS>;
}

/** How long each step may take. A build takes about 3 minutes on 2 cores; a waiter outlasts one build. */
const LIMITS = { answerMs: 20_000, downloadMs: 20_000, buildMs: 600_000, lockMs: 660_000 };

interface Search {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (line: string) => void;
  readonly limits: typeof LIMITS;
  readonly cache: string;
  readonly cached: string;
}

/** One way to a server program; a thrown error says why it is none. */
interface Step {
  readonly from: 'path' | 'cache' | 'download' | 'go';
  readonly what: string;
  readonly mend: string;
  find(search: Search): Promise<string>;
}

const STEPS: readonly Step[] = [
  {
    from: 'path',
    what: '`temporal` on PATH',
    mend: 'Install the Temporal CLI (https://docs.temporal.io/cli) or put it on PATH.',
    find: findOnPath,
  },
  {
    from: 'cache',
    what: 'an earlier copy in the cache folder',
    mend: 'Nothing to do: it is filled by the steps below.',
    find: findInCache,
  },
  {
    from: 'download',
    what: 'the official download (temporal.download)',
    mend: 'Allow HTTPS to temporal.download, or set HTTPS_PROXY.',
    find: (search) => underLock(search, download),
  },
  {
    from: 'go',
    what: `\`go install github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_VERSION}\``,
    mend: 'Install Go 1.24 or newer with access to a Go module proxy.',
    find: (search) => underLock(search, build),
  },
];

/**
 * Finds a Temporal server, the same way for `dev`, the demo and the tests: TEMPORAL_ADDRESS, PATH, the cache, the official
 * download, a build with Go. Throws one `temporal-unavailable` that lists every step, why it failed and what to do.
 */
export async function resolveTemporal(options: ResolveOptions = {}): Promise<TemporalSource> {
  const env = options.env ?? process.env;
  if (env.TEMPORAL_ADDRESS) return { kind: 'address', address: env.TEMPORAL_ADDRESS };
  const search = beginSearch(env, options);
  const problems: Problem[] = [];
  for (const step of STEPS) {
    try {
      return { kind: 'binary', path: await step.find(search), from: step.from };
    } catch (error) {
      problems.push({ path: step.what, message: (error as Error).message, mend: step.mend });
    }
  }
  throw new SignalboxError(
    'temporal-unavailable',
    'No Temporal server was found, and none could be fetched or built. Any one of these would do:',
    [
      { path: 'TEMPORAL_ADDRESS', message: 'not set', mend: 'Set it to HOST:PORT of a Temporal server.' },
      ...problems,
    ],
  );
}

function beginSearch(env: NodeJS.ProcessEnv, options: ResolveOptions): Search {
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

async function findOnPath(search: Search): Promise<string> {
  const path = programOnPath(search.env, 'temporal');
  if (path === null) throw new Error('not there');
  return requireAnswer(search, path);
}

async function findInCache(search: Search): Promise<string> {
  if (!existsSync(search.cached)) throw new Error(`${search.cached} does not exist`);
  return requireAnswer(search, search.cached);
}

/** The official download as @temporalio/testing does it, in a process of its own so that the time limit can end it. */
async function download(search: Search, folder: string): Promise<string> {
  const program = `require('@temporalio/testing').TestWorkflowEnvironment.createLocal({ server: { executable: {
    type: 'cached-download', downloadDir: process.argv[1], version: 'v${TEMPORAL_VERSION}' } } })
    .then((server) => server.teardown(), (error) => { console.error(error.message); process.exit(1); })`;
  await runProgram(process.execPath, ['--input-type=commonjs', '-e', program, folder], {
    cwd: import.meta.dirname,
    env: search.env,
    limitMs: search.limits.downloadMs,
  });
  const file = (await readdir(folder)).find((name) => name.startsWith('temporal'));
  if (file === undefined) throw new Error('the download left no program');
  return join(folder, file);
}

/** Builds the server from its public source. Without cgo: then Go alone is enough. */
async function build(search: Search, folder: string): Promise<string> {
  const go = programOnPath(search.env, 'go');
  if (go === null) throw new Error('Go is not installed');
  search.progress(`Building the Temporal server ${TEMPORAL_VERSION} with Go: once, about 3 minutes …`);
  const begunAtMs = Date.now();
  const clock = setInterval(
    () => search.progress(`… still building (${Math.round((Date.now() - begunAtMs) / 1000)} s)`),
    20_000,
  );
  try {
    await runProgram(go, ['install', `github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_VERSION}`], {
      cwd: folder,
      env: { ...search.env, GOBIN: folder, CGO_ENABLED: '0' },
      limitMs: search.limits.buildMs,
    });
  } finally {
    clearInterval(clock);
  }
  return join(folder, 'temporal');
}

/**
 * Fills the cache by one process at a time: the program is made in a folder beside its place and moved there in one step,
 * so that an interruption leaves nothing half. Whoever waited finds it there.
 */
async function underLock(
  search: Search,
  make: (search: Search, folder: string) => Promise<string>,
): Promise<string> {
  await mkdir(search.cache, { recursive: true });
  const lock = await waitForLock(search);
  const folder = join(search.cache, `making-${randomBytes(4).toString('hex')}`);
  try {
    if (existsSync(search.cached)) return await requireAnswer(search, search.cached);
    await removeLeftovers(search.cache);
    await mkdir(folder);
    const made = await make(search, folder);
    await chmod(made, 0o755);
    await requireAnswer(search, made);
    await rename(made, search.cached);
    return search.cached;
  } finally {
    await rm(folder, { recursive: true, force: true });
    lock.release();
  }
}

async function waitForLock(search: Search): Promise<{ release(): void }> {
  const deadlineMs = Date.now() + search.limits.lockMs;
  for (let told = false; ; told = true) {
    const attempt = takeLock(join(search.cache, 'lock'));
    if (attempt.taken) return attempt;
    if (Date.now() > deadlineMs) throw new Error(`process ${attempt.pid} held the cache's lock for too long`);
    if (!told) search.progress(`Waiting for process ${attempt.pid}, which fetches the Temporal server …`);
    await delay(250);
  }
}

/** Under the lock, whatever was being made is of a process that has died. */
async function removeLeftovers(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (name.startsWith('making-')) await rm(join(cache, name), { recursive: true, force: true });
  }
}

/** The first executable file of that name on PATH. */
function programOnPath(env: NodeJS.ProcessEnv, name: string): string | null {
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
async function requireAnswer(search: Search, path: string): Promise<string> {
  const answer = await runProgram(path, ['--version'], { env: search.env, limitMs: search.limits.answerMs });
  if (!/^temporal version/i.test(answer)) {
    throw new Error(`${path} --version answered "${answer.trim().slice(0, 80)}"`);
  }
  return path;
}
