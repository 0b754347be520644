import { durationSeconds, SignalboxError } from '../domain/index.js';

/** A moment as people give it: how long ago (`90m`, `2h`), an RFC 3339 time, or `now`. Throws `invalid-option`. */
export const momentOf = (option: string, text: string, nowMs: number): number => {
  if (text === 'now') return nowMs;
  const agoSeconds = durationSeconds(text);
  if (agoSeconds >= 0) return nowMs - agoSeconds * 1_000;
  const atMs = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  const message = `${option} is "${text}", which is neither a time nor how long ago`;
  const mend = 'give 2026-11-22T09:00:00Z, or 90m, 2h or 1d for that long ago, or now';
  throw new SignalboxError('invalid-option', `${message}.`, [{ path: option, message, mend }]);
};
