import { type Act, type ActAnswer, type PauseScope, poolsIn } from '../../domain/index.js';
import { pauseWords, stamp } from '../../planner/index.js';
import type { PauseRow } from '../rows/index.js';
import { startSlowly } from '../state/breakers.js';
import type { Draft } from '../state/draft.js';
import type { Command } from '../state/group-commit.js';

/** A person pauses a scope, with an end or without; paused already by a person, it takes the new words and the new end. */
export const pause = (scope: PauseScope, act: Act, forMs: number | null): Command<ActAnswer> => ({
  apply(draft) {
    const untilMs = forMs === null ? null : draft.atMs + forMs;
    const before = standing(draft, scope);
    if (before && before.by === act.by && before.reason === act.reason && before.untilMs === untilMs)
      return () => ({ changed: false, sentence: `${nameOf(scope)} was paused so already.` });
    const after: PauseRow = {
      ...{ scope, cause: 'person', ...act, untilMs },
      atMs: before?.atMs ?? draft.atMs,
      endedAtMs: null,
    };
    draft.put('pauses', after);
    draft.event({
      kind: 'act',
      detail: { act: 'pause', scope, ...act, before: before ?? null, after },
    });
    const end = untilMs === null ? 'until somebody resumes it' : `until ${stamp(untilMs)}`;
    const sentence = `${nameOf(scope)} is paused ${end}: what runs goes on, nothing new starts.`;
    return () => ({ changed: true, sentence });
  },
});

/** A person ends what people have paused. Pauses for other causes, and of more than the scope, stand; the answer says so. */
export const resume = (scope: PauseScope, act: Act): Command<ActAnswer> => ({
  apply(draft) {
    const before = standing(draft, scope);
    if (before) {
      draft.put('pauses', { ...before, endedAtMs: draft.atMs });
      for (const pool of poolsIn(scope)) startSlowly(draft, `pool/${pool}`);
      draft.event({ kind: 'act', detail: { act: 'resume', scope, ...act, before, after: null } });
    }
    const sentence = before ? `${nameOf(scope)} goes on.` : `${nameOf(scope)} was not paused by a person.`;
    return () => ({ changed: before !== undefined, sentence: [sentence, ...left(draft, scope)].join(' ') });
  },
});

const nameOf = (scope: PauseScope): string =>
  scope === 'all' ? 'Everything' : `Pool ${scope.slice('pool:'.length)}`;

const standing = (draft: Draft, scope: PauseScope): PauseRow | undefined => {
  const row = draft.image.pauses.get(`${scope}/person`);
  return row && isStanding(row, draft.atMs) ? row : undefined;
};

const isStanding = ({ endedAtMs, untilMs }: PauseRow, atMs: number): boolean =>
  endedAtMs === null && (untilMs === null || atMs < untilMs);

/** What still keeps new work from starting in the scope. */
const left = ({ image, atMs }: Draft, scope: PauseScope): readonly string[] => {
  const pauses = poolsIn(scope).flatMap((pool) => image.cluster.pool(pool).pauses(atMs));
  return [...new Set(pauses)].map((other) => `Still, ${pauseWords(other)}.`);
};

/** Ends the pauses whose time is over. */
export const endPauses = (draft: Draft): void => {
  for (const row of draft.image.pauses.values()) {
    if (row.endedAtMs !== null || isStanding(row, draft.atMs)) continue;
    draft.put('pauses', { ...row, endedAtMs: draft.atMs });
    for (const pool of poolsIn(row.scope)) startSlowly(draft, `pool/${pool}`);
    const { scope, cause, by, reason } = row;
    draft.event({ kind: 'pause-ended', detail: { scope, cause, by, reason } });
  }
};
