import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { processIdentity } from './processes.js';

/** A process that wrote its name into a file: its pid, and what tells it from a later process of the same pid. */
interface Owner {
  readonly pid: number;
  readonly identity: string | null;
}

/** What taking a lock gave: the lock, or the live process that holds it. */
export type LockAttempt =
  | { readonly taken: true; release(): void }
  | { readonly taken: false; readonly pid: number };

/** Takes the lock file for this process. A lock whose owner has died, however it died, is free. */
export function takeLock(path: string): LockAttempt {
  for (;;) {
    if (create(path)) return { taken: true, release: () => rmSync(path, { force: true }) };
    const pid = livingOwner(path);
    if (pid !== null) return { taken: false, pid };
    removeStale(path);
  }
}

/** Records a process in a file, so that a later start can find it. */
export function recordProcess(path: string, pid: number): void {
  writeFileSync(path, ownerText(pid));
}

/** The pid recorded in the file, if that very process still lives. */
export function livingOwner(path: string): number | null {
  try {
    const { pid, identity } = JSON.parse(readFileSync(path, 'utf8')) as Owner;
    return identity !== null && processIdentity(pid) === identity ? pid : null;
  } catch {
    return null;
  }
}

/** A link appears with its content, so that nobody reads a lock half written. */
function create(path: string): boolean {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, ownerText(process.pid));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves the stale lock aside, and back again if another process has taken it between our look and our move. */
function removeStale(path: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    if (livingOwner(aside) !== null) linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

const ownerText = (pid: number): string =>
  JSON.stringify({ pid, identity: processIdentity(pid) } satisfies Owner);
