import type { z } from 'zod';
import { member } from '../../domain/document/index.js';
import { type PolicyDocument, policySchema } from './schema.js';

type Field = keyof PolicyDocument;

/** A policy document as far as it can be read, so that one mistake does not hide the others. */
export interface Draft {
  readonly document: unknown;
  /** A field with its defaults filled in; undefined where it is absent without a default, or has a mistake. */
  field<Name extends Field>(name: Name): PolicyDocument[Name] | undefined;
  /** The elements of `windows`, `holds` and `route.rules`, as they stand. */
  elements(list: List): readonly Element[];
}

/** The lists whose elements have a name and a condition. */
export const LISTS = { rule: ['route', 'rules'], window: ['windows'], hold: ['holds'] } as const;
export type List = keyof typeof LISTS;

/** One element of such a list; what is no text counts as absent. */
export interface Element {
  readonly path: readonly (string | number)[];
  readonly name: string | undefined;
  readonly when: string | undefined;
  readonly raw: unknown;
}

/** Reads what can be read of a document. */
export const readDraft = (document: unknown): Draft => ({
  document,
  field(name) {
    const schema = policySchema.shape[name] as unknown as z.ZodType<PolicyDocument[typeof name]>;
    return schema.safeParse(member(document, name)).data;
  },
  elements(list) {
    const path: readonly string[] = LISTS[list];
    const found = path.reduce<unknown>(member, document);
    return (Array.isArray(found) ? found : []).map((raw: unknown, index) => ({
      path: [...path, index],
      name: text(member(raw, 'name')),
      when: text(member(raw, 'when')),
      raw,
    }));
  },
});

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
