import type { Mistake } from './source.js';

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
