import { seededRandom } from '../../../src/forecast/random.js';

/** Everything that is left to chance, from one seed: the same seed gives the same faults on the same kinds of victims. */
export interface Chance {
  /** Between the bounds, the lower included. */
  between(least: number, most: number): number;
  pick<T>(list: readonly T[]): T;
  shuffled<T>(list: readonly T[]): T[];
  /** A source of its own, so that what others draw in the meantime changes nothing here. */
  branch(): Chance;
}

/** A source of chance from a seed. */
export const chanceFrom = (seed: number): Chance => {
  const next = seededRandom(seed);
  const chance: Chance = {
    between: (least, most) => least + next() * (most - least),
    pick: <T>(list: readonly T[]): T => {
      if (list.length === 0) throw new Error('There is nothing to pick from.');
      return list[Math.floor(next() * list.length)] as T;
    },
    shuffled: (list) =>
      list
        .map((item) => ({ item, place: next() }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ item }) => item),
    branch: () => chanceFrom(Math.floor(next() * 2 ** 31)),
  };
  return chance;
};
