import { type References, why } from '../../domain/cel/index.js';
import { compileCondition, type TaskFacts, visible } from './facts.js';

/** A condition asked of one task: whether it matches, or why it could not be told. */
export type Answer = { readonly matches: boolean } | { readonly failed: unknown };

/** A compiled condition. */
export interface Condition {
  readonly references: References;
  /** Asks it of a task's facts as `visible` gives them. */
  ask(values: ReadonlyMap<string, unknown>): Answer;
}

/** Compiles a condition. Throws where it is none; see `why`. */
export const condition = (when: string): Condition => {
  const { references, run } = compileCondition(when);
  return {
    references,
    ask(values) {
      try {
        const value = run(values);
        if (typeof value === 'boolean') return { matches: value };
        return { failed: new TypeError('it gives something other than true or false') };
      } catch (failed) {
        return { failed };
      }
    },
  };
};

/** Something of a policy that is for the tasks that match. */
interface Named {
  readonly name: string;
  readonly when: string;
}

/** What of a list matches a task; `problems` says which conditions failed on it. */
export interface Matches<Item> {
  readonly matching: readonly Item[];
  readonly problems: readonly string[];
}

/** A list's conditions, compiled once. */
export const matcher = <Item extends Named>(kind: string, items: readonly Item[]) => {
  const compiled = items.map((item) => ({ item, condition: condition(item.when) }));
  return (values: ReadonlyMap<string, unknown>): Matches<Item> => {
    const matching: Item[] = [];
    const problems: string[] = [];
    for (const { item, condition } of compiled) {
      const answer = condition.ask(values);
      if ('failed' in answer) problems.push(`${kind} "${item.name}" is passed over: ${why(answer.failed)}`);
      else if (answer.matches) matching.push(item);
    }
    return { matching, problems };
  };
};

/** Which of a list's conditions match none of the tasks. */
export const unmatched = <Item extends Named>(
  items: readonly Item[],
  facts: Iterable<TaskFacts>,
): readonly Item[] => {
  let left = items.map((item) => ({ item, condition: condition(item.when) }));
  for (const one of facts) {
    if (left.length === 0) break;
    const values = visible(one);
    left = left.filter(({ condition }) => {
      const answer = condition.ask(values);
      return 'failed' in answer || !answer.matches;
    });
  }
  return left.map(({ item }) => item);
};
