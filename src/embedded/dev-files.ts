import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignalboxError } from '../domain/index.js';
import { takeLock } from './lock-file.js';

/** Where `signalbox dev` keeps everything: all of it lies under `.signalbox/` of the folder it was started in. */
export interface DevFiles {
  readonly root: string;
  readonly logs: string;
  readonly workspace: string;
  readonly cache: string;
  readonly ledgerUrl: string;
  readonly temporalDatabase: string;
  log(name: string): string;
  pid(name: string): string;
}

/** The files of a dev folder; creates the folders where they are missing. */
export function devFiles(folder: string): DevFiles {
  const root = join(folder, '.signalbox');
  const files: DevFiles = {
    root,
    logs: join(root, 'logs'),
    workspace: join(root, 'workspace'),
    cache: join(root, 'cache'),
    ledgerUrl: `pglite://${join(root, 'ledger')}`,
    temporalDatabase: join(root, 'temporal.db'),
    log: (name) => join(root, 'logs', `${name}.log`),
    pid: (name) => join(root, 'pids', `${name}.json`),
  };
  for (const path of [files.logs, files.workspace, join(root, 'pids')]) mkdirSync(path, { recursive: true });
  return files;
}

/** Keeps every other `signalbox dev` off the folder: PGlite takes no lock of its own. Throws `already-running` with the pid. */
export function lockFolder(files: DevFiles): { release(): void } {
  const lock = takeLock(join(files.root, 'lock'));
  if (lock.taken) return lock;
  throw new SignalboxError(
    'already-running',
    `Another \`signalbox dev\` (process ${lock.pid}) already runs on ${files.root}.`,
  );
}

/** The secret that the pool workers show to the API: made once, readable by its owner only. */
export function workerToken(files: DevFiles): string {
  const path = join(files.root, 'worker-token');
  if (!existsSync(path)) writeFileSync(path, randomBytes(32).toString('base64url'), { mode: 0o600 });
  chmodSync(path, 0o600);
  return readFileSync(path, 'utf8').trim();
}

/** Tells the other commands, started in the same folder, where the API is; returns what takes it back. */
export function announce(files: DevFiles, addresses: { readonly apiUrl: string }): () => void {
  const path = join(files.root, 'dev.json');
  writeFileSync(path, JSON.stringify({ ...addresses, pid: process.pid }));
  return () => rmSync(path, { force: true });
}
