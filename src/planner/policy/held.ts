import type { Held } from '../cluster/waiting-task.js';
import type { Admission } from './admission.js';
import { gate, type OpenState } from './opening.js';
import type { Policy } from './read.js';

const HOUR_MS = 3_600_000;

/** What keeps an admitted task from starting now: windows of its that are closed (all must be open), holds that are in force. */
export const heldBy = (
  admission: Pick<Admission, 'windows' | 'holds'>,
  policy: Policy,
  readyAtMs: number,
  atMs: number,
): readonly Held[] => [
  ...named(policy.windows, admission.windows).flatMap((window) => closed(window, policy, readyAtMs, atMs)),
  ...named(policy.holds, admission.holds).flatMap((hold) => inForce(hold, atMs)),
];

const named = <Item extends { readonly name: string }>(
  items: readonly Item[],
  names: readonly string[],
): readonly Item[] => (names.length === 0 ? [] : items.filter(({ name }) => names.includes(name)));

const closed = (
  window: Policy['windows'][number],
  policy: Policy,
  readyAtMs: number,
  atMs: number,
): readonly Held[] => {
  const latestMs = readyAtMs + window.heldAtMostHours * HOUR_MS;
  if (atMs >= latestMs) return [];
  const state = gatesOf(policy).get(window.name)?.(atMs) ?? 'open';
  if (state === 'open') return [];
  const untilMs = Math.min(state.closedUntilMs ?? latestMs, latestMs);
  const why = untilMs === latestMs ? `held for ${window.heldAtMostHours} h at most` : 'when it opens';
  return [
    {
      code: 'window-closed',
      detail: `window "${window.name}" is closed until ${stamp(untilMs)}, ${why}`,
      untilMs,
    },
  ];
};

const inForce = ({ name, reason, until }: Policy['holds'][number], atMs: number): readonly Held[] => {
  const untilMs = until === undefined ? null : Date.parse(until);
  if (untilMs !== null && atMs >= untilMs) return [];
  const end = untilMs === null ? 'until the policy changes' : `until ${stamp(untilMs)}`;
  return [{ code: 'held', detail: `hold "${name}", ${end}: ${reason}`, untilMs }];
};

/** `2026-03-28 21:00 UTC`. */
const stamp = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Beside the policy, not in it: a policy is its document, also as JSON. */
const gates = new WeakMap<Policy, ReadonlyMap<string, (atMs: number) => OpenState>>();

const gatesOf = (policy: Policy): ReadonlyMap<string, (atMs: number) => OpenState> => {
  const known = gates.get(policy) ?? new Map(policy.windows.map((window) => [window.name, gate(window)]));
  gates.set(policy, known);
  return known;
};
