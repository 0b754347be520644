import type { Held } from '../cluster/index.js';
import { stamp } from '../cycle/words.js';
import type { Admission } from './admission.js';
import { closures } from './opening.js';
import type { Policy } from './read.js';

const HOUR_MS = 3_600_000;

/**
 * When an admitted task may not start: while a window of its is closed (all must be open, and each holds it for so long at most),
 * and while a hold is in force. What is over by `atMs` is left out; the rest depends on when the task became ready, not on `atMs`.
 */
export const heldBy = (
  admission: Pick<Admission, 'windows' | 'holds'>,
  policy: Policy,
  readyAtMs: number,
  atMs: number,
): readonly Held[] =>
  [
    ...named(policy.windows, admission.windows).flatMap((window) => closed(window, policy, readyAtMs)),
    ...named(policy.holds, admission.holds).map((hold) => inForce(hold, readyAtMs)),
  ].filter(({ untilMs }) => untilMs === null || untilMs > atMs);

const named = <Item extends { readonly name: string }>(
  items: readonly Item[],
  names: readonly string[],
): readonly Item[] => (names.length === 0 ? [] : items.filter(({ name }) => names.includes(name)));

const closed = (
  { name, heldAtMostHours }: Policy['windows'][number],
  policy: Policy,
  readyAtMs: number,
): readonly Held[] => {
  const latestMs = readyAtMs + heldAtMostHours * HOUR_MS;
  const within = windowsOf(policy).get(name)?.(readyAtMs, latestMs) ?? [];
  return within.map(({ fromMs, toMs }) => {
    const end = toMs === latestMs ? `it is held for ${heldAtMostHours} h at most` : 'when it opens';
    const detail = `window "${name}" is closed until ${stamp(toMs)}, ${end}`;
    return { code: 'window-closed', detail, fromMs, untilMs: toMs };
  });
};

const inForce = ({ name, reason, until }: Policy['holds'][number], readyAtMs: number): Held => {
  const untilMs = until === undefined ? null : Date.parse(until);
  const end = untilMs === null ? 'until the policy changes' : `until ${stamp(untilMs)}`;
  return { code: 'held', detail: `hold "${name}", ${end}: ${reason}`, fromMs: readyAtMs, untilMs };
};

type Closures = ReturnType<typeof closures>;
/** Beside the policy, not in it: a policy is its document, also as JSON. */
const windows = new WeakMap<Policy, ReadonlyMap<string, Closures>>();

const windowsOf = (policy: Policy): ReadonlyMap<string, Closures> => {
  const known =
    windows.get(policy) ?? new Map(policy.windows.map((window) => [window.name, closures(window)]));
  windows.set(policy, known);
  return known;
};
