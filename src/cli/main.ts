import { CommanderError } from 'commander';
import { SignalboxError } from '../domain/index.js';
import { EXIT } from './exit-codes.js';
import { createProgram } from './program/index.js';
import { report } from './report.js';

/** A reader that has seen enough (`signalbox runs | head`) is no error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

/** Commander has told people already; scripts that asked for JSON hear it too. */
const afterCommander = ({ exitCode, message }: CommanderError, asJson: boolean): number => {
  if (exitCode === 0) return EXIT.ok;
  if (asJson) report(new SignalboxError('invalid-option', message.replace(/^error: /, '')), asJson);
  return EXIT.badInput;
};

try {
  await createProgram().parseAsync();
} catch (error) {
  const asJson = process.argv.includes('--json');
  process.exitCode = error instanceof CommanderError ? afterCommander(error, asJson) : report(error, asJson);
}
