import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { takeLock } from './lock-file.js';
import { requireAnswer, type Search } from './temporal-search.js';

/**
 * Fills the cache by one process at a time: the program is made in a folder beside its place and moved there in one step,
 * so that an interruption leaves nothing half. Whoever waited finds it there.
 */
export async function fillCache(
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
