import type { Place } from './lines.js';

/** Where in a document: keys and indices from the root. */
export type Path = readonly (string | number)[];

/** A mistake by its path; `at` says whether its place is the value there, its key, or a text within the value. */
export interface Mistake {
  readonly path: Path;
  readonly message: string;
  readonly mend: string;
  readonly at?: 'key' | { readonly text: string };
  /** Where the path does not tell: of two equal keys, the second. */
  readonly place?: Place;
}

/** As many mistakes as anyone reads; looking for more would let a hostile document keep us busy. */
export const MAX_MISTAKES = 500;

/** The mistakes of all items, until there are more than will be listed. */
export const gather = <Item>(
  items: Iterable<Item>,
  check: (item: Item) => readonly Mistake[],
): readonly Mistake[] => {
  const mistakes: Mistake[] = [];
  for (const item of items) {
    mistakes.push(...check(item).slice(0, MAX_MISTAKES + 1));
    if (mistakes.length > MAX_MISTAKES) break;
  }
  return mistakes;
};
