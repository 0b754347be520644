import { type Command, Option } from 'commander';
import { POOLS } from '../../domain/index.js';
import { json, list, share, wholeNumber, withApi } from './options.js';

/** Forecasts on a trace; returns the command that others stand under. */
export const addForecastCommands = (program: Command): Command => {
  program.commandsGroup('Forecasts:');
  const forecast = program.command('forecast').description('how well runtimes and failures are foreseen');
  forecast
    .command('evaluate')
    .description('train on the first part of a trace, forecast the rest, and score it beside plain medians')
    .argument('<file>', 'CSV with a header row; gzipped where its name ends in .gz')
    .option('--time <column>', 'when a row began: seconds or a date-time')
    .requiredOption('--target <column>', 'how long it ran, in seconds')
    .option('--key <columns>', 'its name, the widest part first: user,program', list)
    .option(
      '--features <columns>',
      'what else was known before it ran (all other columns where absent)',
      list,
    )
    .option(
      '--group <column>',
      'rows that belong together; whole groups are held out where there is no --time',
    )
    .option('--outcome <column>', 'how it ended; needs --success')
    .option('--success <value>', 'the outcome that is a success')
    .option('--split <share>', 'the share to train on', share, 0.7)
    .option('--online', 'go on learning from what had finished by then')
    .option('--seed <n>', 'for the order of groups', wholeNumber(0, 2 ** 31 - 1), 1)
    .addOption(json())
    .action(async (file, options) => (await import('../commands/forecast.js')).evaluateTrace(file, options));
  return forecast;
};

/** What forecasts were worth on our own history. */
export const addHistoryCommands = (program: Command, forecast: Command): void => {
  withApi(forecast.command('show'))
    .description('what the forecasts of settled tasks were worth; of one task with a plot')
    .argument('[task]', "its name in the pipeline, without a fan-out's index")
    .option('--pipeline <name>', 'only tasks of this pipeline')
    .option('--limit <n>', 'how many attempts, the newest first', wholeNumber(1, 1_000), 1_000)
    .option('--svg <file>', 'write the plot as a picture')
    .action(async (task, options) =>
      (await import('../commands/forecast-show.js')).showForecasts(task, options),
    );
  withApi(forecast.command('demand'))
    .description('how much work should arrive at the pools in the coming hours')
    .addOption(new Option('--pool <pool>', 'only this pool').choices(POOLS))
    .option('--hours <n>', 'how many hours, this one included', wholeNumber(1, 168), 6)
    .action(async (options) => (await import('../commands/forecast-demand.js')).showDemand(options));
  withApi(program.command('advise'))
    .description('which tasks ask for much more, or less, than they have ever used')
    .option('--pipeline <name>', 'only tasks of this pipeline')
    .option('--limit <n>', 'how many attempts, the newest first', wholeNumber(1, 1_000), 1_000)
    .action(async (options) => (await import('../commands/advise.js')).advise(options));
};
