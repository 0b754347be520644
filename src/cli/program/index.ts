import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { EXIT_CODES_HELP } from '../exit-codes.js';
import { PACKAGE_ROOT } from '../package-root.js';
import { addActCommands } from './act.js';
import { addAuditCommands } from './audit.js';
import { addForecastCommands, addHistoryCommands } from './forecast.js';
import { addLookCommands } from './look.js';
import { addPolicyCommands } from './policy.js';
import { addRunCommands } from './run.js';
import { addServiceCommands } from './serve.js';
import { addSimulateCommand } from './simulate.js';

/**
 * The command line, whole: what there is and how it is spelled. Each command's code is loaded when it runs, so that
 * `--help` and `validate` need not wait for Temporal's SDK or the database.
 */
export const createProgram = (): Command => {
  const program = new Command('signalbox')
    .description('Runs AI and data pipelines as Temporal workflows on shared gpu, cpu and io pools.')
    .version(version(), '-V, --version')
    .configureHelp({ sortOptions: true })
    .addHelpText('after', EXIT_CODES_HELP)
    .showSuggestionAfterError(true)
    .exitOverride();
  addRunCommands(program);
  addLookCommands(program);
  addActCommands(program);
  addHistoryCommands(program, addForecastCommands(program));
  addSimulateCommand(program);
  addPolicyCommands(program);
  addAuditCommands(program);
  addServiceCommands(program);
  program.commandsGroup('Help:').helpCommand('help [command]', 'explain a command and its options');
  return program;
};

const version = (): string =>
  (JSON.parse(readFileSync(`${PACKAGE_ROOT}package.json`, 'utf8')) as { version: string }).version;
