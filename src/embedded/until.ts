import { setTimeout as delay } from 'node:timers/promises';
import { SignalboxError } from '../domain/index.js';

/** Tries again every 50 ms until it succeeds; after the limit, throws `not-ready` with what went wrong last. */
export async function until<T>(what: string, limitMs: number, attempt: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadlineMs) {
        const why = error instanceof Error ? error.message : String(error);
        throw new SignalboxError('not-ready', `Waited ${limitMs / 1000} s for ${what}: ${why}`, [], {
          cause: error,
        });
      }
      await delay(50);
    }
  }
}
