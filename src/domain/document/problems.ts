import type { Problem } from '../errors.js';
import { MAX_MISTAKES, type Mistake, type Path } from './mistakes.js';
import type { Source } from './source.js';

/** A problem of a text: always with its place. */
export interface PlacedProblem extends Problem {
  readonly line: number;
  readonly column: number;
}

/** One line a problem, as compilers print them: `pipeline.yaml:12:9 tasks.train.pool: unknown pool "gpux" — use one of …`. */
export const formatProblems = (file: string, problems: readonly Problem[]): string =>
  problems
    .map(({ line, column, path, message, mend }) => {
      const place = [file, line, column].filter((part) => part !== undefined).join(':');
      return `${place} ${path === '' ? '' : `${path}: `}${message} — ${mend}`;
    })
    .join('\n');

/** All that is wrong with a text, in its order: what could not be read, and what its checks found in the rest. */
export const listed = (found: readonly Mistake[], source: Source): readonly PlacedProblem[] => {
  const isUnread = unreadPaths(source.mistakes);
  const mistakes = [...source.mistakes, ...found.filter(({ path }) => !isUnread(path))];
  const placed = mistakes
    .map(({ path, message, mend, at, place }) => ({
      ...(place ?? source.place(path, at)),
      path: pathText(path),
      message,
      mend,
    }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
  const last = placed[MAX_MISTAKES];
  if (last === undefined) return placed;
  const rest = { message: 'there are more mistakes than are listed', mend: 'mend these, and validate again' };
  return [...placed.slice(0, MAX_MISTAKES), { ...last, path: '', ...rest }];
};

/** `tasks.train.needs[0]`; keys that are no plain words in quotes. */
export const pathText = (path: Path): string => {
  const text = path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!/^[\w-]{1,64}$/.test(key)) return `[${JSON.stringify(key.slice(0, 64))}]`;
      return i === 0 ? key : `.${key}`;
    })
    .join('');
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
};

/** What could not be read stands as null in the value; only the first mistake about it counts. */
const unreadPaths = (mistakes: readonly Mistake[]): ((path: Path) => boolean) => {
  const unread = new Set(mistakes.filter(({ place }) => !place).map(({ path }) => JSON.stringify(path)));
  return (path) =>
    unread.size > 0 && [...path, ''].some((_, length) => unread.has(JSON.stringify(path.slice(0, length))));
};
