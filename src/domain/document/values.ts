import type { JsonValue } from '../json.js';

/** A value in a message: short, and recognizable. */
export const shown = (value: unknown): string => {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  if (value === '') return 'an empty text';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…"` : text;
};

/** The deepest nesting of a value, here and in documents: far more than any needs, far less than recursion stands. */
export const MAX_DEPTH = 64;

/** Whether a value is nested no deeper than that. */
export const isShallow = (value: JsonValue, depth = MAX_DEPTH): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((member: JsonValue) => isShallow(member, depth - 1));
};
