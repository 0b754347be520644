import type { Note } from './notes.js';

/** What the tasks themselves saw: hardware that somebody else used, promises that were not kept, a lease used twice. */
export const seenByTasks = (notes: readonly Note[]): string[] => {
  const seen = notes.filter(({ kind }) => kind === 'violation').map(described);
  const used = new Map<string, Note>();
  for (const note of notes.filter(({ kind }) => kind === 'start')) {
    const before = used.get(note.lease);
    if (before) seen.push(`${described(note)}: its lease had been used before (${described(before)})`);
    used.set(note.lease, note);
  }
  return seen;
};

const described = ({ atMs, run, task, attempt, lease, node, text }: Note): string =>
  `${new Date(atMs).toISOString()} ${run}/${task} attempt ${attempt} on ${node} (${lease}) ${text}`.trimEnd();
