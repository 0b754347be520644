import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a task wrote down: that it began, that it was done, or that something was wrong. */
export interface Note {
  readonly kind: 'start' | 'end' | 'violation';
  readonly atMs: number;
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
  readonly lease: string;
  readonly node: string;
  readonly text: string;
}

/** All notes of all tasks, in order. */
export const readNotes = (folder: string): Note[] => {
  const file = join(folder, 'notes');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [kind, at, run, task, attempt, lease, node, ...text] = line.split(' ');
      return {
        kind: kind as Note['kind'],
        atMs: Number(at) / 1_000_000,
        ...{ run: run ?? '', task: task ?? '', attempt: Number(attempt) },
        ...{ lease: lease ?? '', node: node ?? '', text: text.join(' ') },
      };
    });
};
