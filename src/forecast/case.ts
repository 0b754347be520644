import type { Features } from '../domain/index.js';

/** What a forecast is asked for, cleaned: its keys, the most specific first, and its features. */
export interface Case {
  readonly keys: readonly string[];
  readonly features: Features;
  /** The name of everything exactly like this case: same task, same features. */
  readonly fingerprint: string;
}

/** More features than this say nothing new and cost every forecast. */
const MAX_FEATURES = 64;
/** A longer text is an input, not a category; its beginning has to do. */
const MAX_TEXT = 200;
/** Rows are single precision; numbers up to this, and their differences, stay finite in it. */
const MAX_NUMBER = 1e37;

/**
 * Cleans a case: keys name their level, numbers stay finite, texts short. Returns how many features were doubtful
 * (not finite, absurdly large, or too many) beside it.
 */
export function cleanCase(keys: readonly string[], features: Features): { case: Case; doubtful: number } {
  const clean: Record<string, number | string> = Object.create(null);
  const entries = Object.entries(features);
  let doubtful = Math.max(0, entries.length - MAX_FEATURES);
  for (const [name, value] of entries.slice(0, MAX_FEATURES)) {
    if (typeof value === 'string') clean[name] = value.slice(0, MAX_TEXT);
    else if (Number.isFinite(value)) clean[name] = Math.max(-MAX_NUMBER, Math.min(MAX_NUMBER, value));
    if (typeof value === 'number' && !(Math.abs(value) <= MAX_NUMBER)) doubtful += 1;
  }
  const named = keys.map((key, level) => `${level}:${key}`);
  const fingerprint = JSON.stringify([named[0], clean]);
  return { case: { keys: named, features: clean, fingerprint }, doubtful };
}
