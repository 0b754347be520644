import type { JsonValue } from '../json.js';

/** The types that a parameter may be declared with. */
export const PARAMETER_TYPES = ['string', 'number', 'integer', 'boolean', 'list', 'object'] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

const CHECKS: Readonly<Record<ParameterType, (value: JsonValue) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  integer: (value) => Number.isSafeInteger(value),
  boolean: (value) => typeof value === 'boolean',
  list: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

const NAMES: Readonly<Record<ParameterType, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  list: 'a list',
  object: 'a map',
};

/** Whether a value is of a declared type. */
export const isOfType = (value: JsonValue, type: ParameterType): boolean => CHECKS[type](value);

/** A type in words: `a whole number`. */
export const typeInWords = (type: ParameterType): string => NAMES[type];
