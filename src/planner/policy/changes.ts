import type { PolicyDocument } from './schema.js';

/** One field that two policies have differently; undefined where one lacks it. */
export interface PolicyChange {
  /** `shares.weights.lab`; of a rule, window or hold by its name: `holds.freeze.until`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What is different in another policy, field by field in the order of the document, defaults filled in on both sides. */
export const policyChanges = (before: PolicyDocument, after: PolicyDocument): readonly PolicyChange[] =>
  changes('', bare(before), bare(after));

/** What a policy's name was worked out from. */
const bare = (policy: PolicyDocument & { readonly version?: string }): PolicyDocument => {
  const { version: _, ...document } = policy;
  return document;
};

const changes = (path: string, before: unknown, after: unknown): readonly PolicyChange[] => {
  const [from, to] = [membersOf(before), membersOf(after)];
  if (from === null || to === null)
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
  const names = [...new Set([...from.keys(), ...to.keys()])];
  const inside = names.flatMap((name) =>
    changes(path === '' ? name : `${path}.${name}`, from.get(name), to.get(name)),
  );
  // The same elements in another order: of rules, a later one overrides what an earlier one says.
  return inside.length === 0 && JSON.stringify([...from.keys()]) !== JSON.stringify([...to.keys()])
    ? moved(path, before, after)
    : inside;
};

const moved = (path: string, before: unknown, after: unknown): readonly PolicyChange[] =>
  Array.isArray(before) && Array.isArray(after)
    ? [{ path, before: before.map(nameOf), after: after.map(nameOf) }]
    : [];

/** The fields of an object, or the elements of a list by their names; null of what has neither. */
const membersOf = (value: unknown): ReadonlyMap<string, unknown> | null => {
  if (Array.isArray(value))
    return value.every((element) => nameOf(element) !== undefined)
      ? new Map(value.map((element) => [nameOf(element) ?? '', element]))
      : null;
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : null;
};

const nameOf = (element: unknown): string | undefined =>
  typeof element === 'object' && element !== null && 'name' in element ? String(element.name) : undefined;
