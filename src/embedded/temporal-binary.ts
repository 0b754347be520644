import { existsSync } from 'node:fs';
import { type Problem, SignalboxError } from '../domain/index.js';
import { fillCache } from './temporal-cache.js';
import { build, download } from './temporal-fetch.js';
import {
  beginSearch,
  programOnPath,
  type ResolveOptions,
  requireAnswer,
  type Search,
  TEMPORAL_VERSION,
} from './temporal-search.js';

/** Where the Temporal server comes from: one that runs already, or a program to start. */
export type TemporalSource =
  | { readonly kind: 'address'; readonly address: string }
  | {
      readonly kind: 'binary';
      readonly path: string;
      readonly from: 'path' | 'cache' | 'download' | 'go';
    };

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
    find: (search) => fillCache(search, download),
  },
  {
    from: 'go',
    what: `\`go install github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_VERSION}\``,
    mend: 'Install Go 1.24 or newer with access to a Go module proxy.',
    find: (search) => fillCache(search, build),
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

async function findOnPath(search: Search): Promise<string> {
  const path = programOnPath(search.env, 'temporal');
  if (path === null) throw new Error('not there');
  return requireAnswer(search, path);
}

async function findInCache(search: Search): Promise<string> {
  if (!existsSync(search.cached)) throw new Error(`${search.cached} does not exist`);
  return requireAnswer(search, search.cached);
}
