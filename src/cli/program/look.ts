import { type Command, Option } from 'commander';
import { RUN, wholeNumber, withApi } from './options.js';

/** Looking at runs, tasks, pools, nodes, and at what tenants use. */
export const addLookCommands = (program: Command): void => {
  program.commandsGroup('Look:');
  withApi(program.command('runs'))
    .description('list runs, newest first')
    .addOption(
      new Option('--status <status>', 'only these').choices(['running', 'succeeded', 'failed', 'cancelled']),
    )
    .option('--pipeline <name>', 'only runs of this pipeline')
    .option('--limit <n>', 'how many', wholeNumber(1, 200), 20)
    .option('--cursor <cursor>', 'continue where the page before ended')
    .action(async (options) => (await import('../commands/runs.js')).runs(options));
  withApi(program.command('show'))
    .description('show a run, task by task: where, forecast, waited, ran')
    .argument('<run>', RUN)
    .action(async (run, options) => (await import('../commands/show.js')).show(run, options));
  withApi(program.command('explain'))
    .description('say why each task is where it is, and when it should go on')
    .argument('<run>', RUN)
    .argument('[task]', "only this one: 'train', or 'train[2]'")
    .action(async (run, task, options) =>
      (await import('../commands/explain.js')).explain(run, task, options),
    );
  withApi(program.command('logs'))
    .description("print what a task's program printed")
    .argument('<run>', RUN)
    .argument('<task>', "its name; an item of a fan-out as 'train[2]'")
    .option('--stderr', 'its standard error instead')
    .option('--attempt <n>', 'an earlier attempt', wholeNumber(1, 1_000))
    .option('-f, --follow', 'go on until the attempt has ended')
    .action(async (run, task, options) => (await import('../commands/logs.js')).logs(run, task, options));
  withApi(program.command('events'))
    .description('what was decided and what happened, in one order')
    .option('-f, --follow', 'go on as it happens')
    .option('--run <run>', 'only of this run')
    .option('--kind <kind>', 'only of this kind, such as granted, preempting or act')
    .option('--last <n>', 'begin with the newest so many (20 where absent)', wholeNumber(0, 1_000))
    .addOption(
      new Option('--after <number>', 'begin after this number')
        .argParser(wholeNumber(0, 2 ** 53))
        .conflicts('last'),
    )
    .action(async (options) => (await import('../commands/events.js')).events(options));
  withApi(program.command('nodes'))
    .description('list the machines, what they have and what of it is taken')
    .action(async (options) => (await import('../commands/nodes.js')).nodes(options));
  withApi(program.command('pools'))
    .description('how much waits and runs in each pool, and whether it is paused')
    .action(async (options) => (await import('../commands/pools.js')).pools(options));
  withApi(program.command('usage'))
    .description('what tenants spend and hold, beside their budgets, quotas and shares')
    .option('--tenant <name>', 'only this tenant')
    .action(async (options) => (await import('../commands/usage.js')).usage(options));
};
