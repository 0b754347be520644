import { type Problem, SignalboxError } from '../domain/index.js';
import { exitCodeOf } from './exit-codes.js';
import { problemLines } from './output/problems.js';
import { note, printJson, terminal } from './output/terminal.js';

/** Tells what went wrong and how to mend it, on stderr (as one JSON document on stdout with `--json`); gives the exit code. */
export const report = (thrown: unknown, asJson: boolean): number => {
  const error = thrown instanceof SignalboxError ? thrown : unexpected(thrown);
  if (asJson) printJson({ error: errorDocument(error) });
  else for (const line of errorLines(error)) note(line);
  return exitCodeOf(error);
};

const unexpected = (thrown: unknown): SignalboxError => {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SignalboxError('internal', message, [], { cause: thrown });
};

/** An error as `--json` prints it. */
export const errorDocument = ({ code, message, mend, problems }: SignalboxError) => ({
  code,
  message,
  mend,
  problems,
});

const errorLines = (error: SignalboxError): string[] => {
  const { colours } = terminal(process.stderr);
  const [first = '', ...rest] = error.message.split('\n');
  const untold = error.problems.filter((problem) => !isTold(problem, error));
  const places = problemLines(untold);
  const mend = untold.length > 0 && error.code !== 'never-fits' ? [] : [colours.dim(mendOf(error))];
  const trace = error.code === 'internal' ? [colours.dim(stackOf(error.cause))] : [];
  return [`${colours.red('error:')} ${first}`, ...rest, ...places, ...mend, ...trace].filter(
    (line) => line !== '',
  );
};

/** A single mistake without a place in a file stands whole in the message: it need not be said twice. */
const isTold = ({ file, message }: Problem, error: SignalboxError): boolean =>
  file === undefined && error.problems.length === 1 && error.message.includes(message);

/** The mend of a single mistake says more than that of its kind. */
const mendOf = ({ problems, mend }: SignalboxError): string => {
  const [only] = problems;
  return only === undefined || problems.length > 1
    ? mend
    : `${only.mend.charAt(0).toUpperCase()}${only.mend.slice(1).replace(/\.$/, '')}.`;
};

const stackOf = (cause: unknown): string => (cause instanceof Error ? (cause.stack ?? '') : '');
