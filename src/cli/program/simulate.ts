import { type Command, Option } from 'commander';
import type { ForecastMode } from '../../simulator/index.js';
import { checkpoints, collect, json, list, nodeSize, number, period, share, wholeNumber } from './options.js';

/** Trying policies. */
export const addSimulateCommand = (program: Command): void => {
  program.commandsGroup('Try policies:');
  program
    .command('simulate')
    .description('what policies make of a trace, of workflows, or of our own recorded history')
    .option('--jobs <file>', 'a trace of jobs: CSV, gzipped or not')
    .option('--dags <file>', 'recorded workflows, one JSON object a line; needs --arrivals')
    .option('--arrivals <file>', 'when which workflow arrives: CSV')
    .option('--history <file>', 'which workflows have ended before, to learn from: CSV')
    .option('--last <period>', 'our own history of so long (30d), fetched through the API', period)
    .option('--devices <n>', 'how many the pool has', wholeNumber(1, 1_000_000))
    .option('--nodes <size>', 'devices of a node: 8x (one node with all of them where absent)', nodeSize)
    .option(
      '--features <columns>',
      'which columns were known before a job ran (all others where absent)',
      list,
    )
    .option('--policy <name|file>', 'a policy that ships, or a file; repeat for more (default)', collect)
    .addOption(
      new Option('--forecast <kind>', 'what runtimes are known by').choices(FORECASTS).default('learned'),
    )
    .addOption(new Option('--preemption <on|off>', "instead of the policies' own").choices(['on', 'off']))
    .option('--resume-cost <seconds>', 'what each resumption costs', number(0, 86_400), 60)
    .option(
      '--checkpoints <interval>',
      'always, none (a stop loses all since the start), or the seconds between two',
      checkpoints,
      'always',
    )
    .option('--failures <share>', 'how likely an attempt is to fail part way', share)
    .option('--seed <n>', 'for what is drawn by chance', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--measure-from <seconds>', 'count only jobs submitted from here on', number(0, 1e12))
    .option('--measure-to <seconds>', 'count only jobs submitted before', number(0, 1e12))
    .option('--svg <file>', 'write the queue over time as a picture')
    .addOption(new Option('--api <url>', "the API's address, for --last").env('SIGNALBOX_API_URL'))
    .addOption(json())
    .action(async (options) => (await import('../commands/simulate.js')).simulate(options));
};

const FORECASTS: readonly ForecastMode[] = ['learned', 'median', 'oracle', 'none'];
