import type { Settled } from '../../api/client/index.js';

/** Attempts by pipeline and task, in alphabetical order; each group as the attempts came. */
export const byTask = (attempts: readonly Settled[]): (readonly [Settled, ...Settled[]])[] => {
  const groups = new Map<string, [Settled, ...Settled[]]>();
  for (const attempt of attempts) {
    const name = JSON.stringify([attempt.pipeline, attempt.task]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [attempt]);
    else group.push(attempt);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
};
