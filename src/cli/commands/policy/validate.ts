import { SignalboxError } from '../../../domain/index.js';
import { EXIT } from '../../exit-codes.js';
import { problemLines } from '../../output/problems.js';
import { printJson, terminal } from '../../output/terminal.js';
import { isPolicyFile, loadPolicyText, shippedPolicy } from '../../policy.js';
import { errorDocument } from '../../report.js';

type Verdict =
  | { readonly file: string; readonly ok: true; readonly version: string }
  | { readonly file: string; readonly ok: false; readonly error: SignalboxError };

/** `signalbox policy validate FILE…`: every mistake of every document, with its place and its mend. Needs no server. */
export const validatePolicies = async (
  names: readonly string[],
  { json }: { json?: boolean },
): Promise<void> => {
  const verdicts = await Promise.all(names.map(check));
  const ok = verdicts.every((verdict) => verdict.ok);
  if (!ok) process.exitCode = EXIT.badInput;
  if (json)
    return printJson({
      ok,
      files: verdicts.map((verdict) =>
        verdict.ok ? verdict : { file: verdict.file, ok: false, ...errorDocument(verdict.error) },
      ),
    });
  const { print, colours } = terminal();
  for (const verdict of verdicts) {
    if (verdict.ok) print(`${colours.green('✓')} ${colours.bold(verdict.file)}: ${verdict.version}`);
    else
      for (const line of [
        `${colours.red('✗')} ${verdict.error.message}`,
        ...problemLines(verdict.error.problems),
      ])
        print(line);
  }
};

const check = async (file: string): Promise<Verdict> => {
  try {
    const { policy } = await loadPolicyText(isPolicyFile(file) ? file : await shippedPolicy(file));
    return { file, ok: true, version: policy.version };
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    return { file, ok: false, error };
  }
};
