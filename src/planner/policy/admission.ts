import type { Pool, PriorityClass } from '../../domain/index.js';
import { matcher, unmatched } from './condition.js';
import { type TaskFacts, visible } from './facts.js';
import type { Policy } from './read.js';

/** What a policy's conditions say of a task: settled when it becomes ready, and kept. All lists name things of the policy. */
export interface Admission {
  readonly rules: readonly string[];
  /** The pools that it may use instead of those that it asks for; null where no rule says so. */
  readonly pools: readonly Pool[] | null;
  /** Labels that its node must have besides its own. */
  readonly labels: Readonly<Record<string, string>>;
  /** The class that it gets; null where no rule says so. */
  readonly priorityClass: PriorityClass | null;
  readonly windows: readonly string[];
  readonly holds: readonly string[];
  /** Conditions that failed on this task, and so do not match: a feature that it lacks. */
  readonly problems: readonly string[];
}

/** Asks every condition of a policy of a task. Of several rules that match, a later one overrides what an earlier one says. */
export const admit = (facts: TaskFacts, policy: Policy, readyAtMs: number): Admission => {
  if (asksNothing(policy)) return ADMITTED;
  const values = visible(facts);
  const { rules, windows, holds } = conditionsOf(policy);
  const ruled = rules(values);
  const windowed = windows(values);
  const held = holds(values);
  return {
    rules: names(ruled.matching),
    pools: ruled.matching.findLast(({ pools }) => pools !== undefined)?.pools ?? null,
    labels: Object.assign({}, ...ruled.matching.map(({ labels }) => labels)),
    priorityClass:
      ruled.matching.findLast(({ priorityClass }) => priorityClass !== undefined)?.priorityClass ?? null,
    windows: names(windowed.matching),
    holds: names(held.matching.filter(({ until }) => until === undefined || Date.parse(until) > readyAtMs)),
    problems: [...ruled.problems, ...windowed.problems, ...held.problems],
  };
};

const asksNothing = ({ route, windows, holds }: Policy): boolean =>
  route.rules.length + windows.length + holds.length === 0;

const ADMITTED: Admission = {
  rules: [],
  pools: null,
  labels: {},
  priorityClass: null,
  windows: [],
  holds: [],
  problems: [],
};

/** The rules, windows and holds that are for none of a workload's tasks: `rule "large"`, `window "nights"`. */
export const unmatchedRules = (policy: Policy, facts: Iterable<TaskFacts>): readonly string[] => {
  const of = (kind: string, items: readonly { name: string; when: string }[]) =>
    items.map(({ name, when }) => ({ name: `${kind} "${name}"`, when }));
  const all = [
    ...of('rule', policy.route.rules),
    ...of('window', policy.windows),
    ...of('hold', policy.holds),
  ];
  return names(unmatched(all, facts));
};

const names = (items: readonly { readonly name: string }[]): readonly string[] =>
  items.map(({ name }) => name);

const compile = ({ route, windows, holds }: Policy) => ({
  rules: matcher('rule', route.rules),
  windows: matcher('window', windows),
  holds: matcher('hold', holds),
});

/** Beside the policy, not in it: a policy is its document, also as JSON. */
const compiled = new WeakMap<Policy, ReturnType<typeof compile>>();

const conditionsOf = (policy: Policy) => {
  const known = compiled.get(policy) ?? compile(policy);
  compiled.set(policy, known);
  return known;
};
