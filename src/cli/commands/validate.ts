import { SignalboxError } from '../../domain/index.js';
import { readDocument } from '../documents.js';
import { EXIT } from '../exit-codes.js';
import { count } from '../output/format.js';
import { problemLines } from '../output/problems.js';
import { type Colours, printJson, terminal } from '../output/terminal.js';
import { errorDocument } from '../report.js';

type Verdict =
  | { readonly file: string; readonly ok: true; readonly name: string; readonly tasks: number }
  | { readonly file: string; readonly ok: false; readonly error: SignalboxError };

/** `signalbox validate FILE…`: every mistake of every file, with its place and its mend. Needs no server. */
export const validate = async (files: readonly string[], { json }: { json?: boolean }): Promise<void> => {
  const verdicts = await Promise.all(files.map(check));
  const ok = verdicts.every((verdict) => verdict.ok);
  if (!ok) process.exitCode = EXIT.badInput;
  if (json) return printJson({ ok, files: verdicts.map(verdictDocument) });
  const { print, colours } = terminal();
  for (const verdict of verdicts) for (const line of lines(verdict, colours)) print(line);
};

const check = async (file: string): Promise<Verdict> => {
  try {
    const { name, tasks } = (await readDocument(file)).pipeline;
    return { file, ok: true, name, tasks: Object.keys(tasks).length };
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    return { file, ok: false, error };
  }
};

const verdictDocument = (verdict: Verdict) =>
  verdict.ok ? verdict : { file: verdict.file, ok: false, ...errorDocument(verdict.error) };

const lines = (verdict: Verdict, { green, red, bold }: Colours): string[] => {
  if (verdict.ok)
    return [`${green('✓')} ${bold(verdict.file)}: ${verdict.name}, ${count(verdict.tasks, 'task')}`];
  return [`${red('✗')} ${verdict.error.message}`, ...problemLines(verdict.error.problems)];
};
