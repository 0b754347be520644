import { Argument, type Command, Option } from 'commander';
import { POOLS, PRIORITY_CLASSES } from '../../domain/index.js';
import { NODE, RUN, TASK, withWho } from './options.js';

/** What people do to runs, tasks, pools and nodes. */
export const addActCommands = (program: Command): void => {
  program.commandsGroup('Act:');
  const acts = () => import('../commands/acts.js');
  withWho(program.command('cancel'))
    .description('stop a run; its running tasks get their grace')
    .argument('<run>', RUN)
    .action(async (run, options) => (await acts()).cancel(run, options));
  withWho(program.command('pause'))
    .description('start nothing more of a run, in a pool, or at all; what runs goes on')
    .argument('[run]', RUN)
    .addOption(new Option('--pool <pool>', 'a pool').choices(POOLS))
    .option('--all', 'everything')
    .option('--for <time>', 'a pool or everything: for so long (2h), then it goes on by itself')
    .action(async (run, options) => (await acts()).pause(run, options));
  withWho(program.command('resume'))
    .description('let what was paused go on')
    .argument('[run]', RUN)
    .addOption(new Option('--pool <pool>', 'a pool').choices(POOLS))
    .option('--all', 'everything')
    .action(async (run, options) => (await acts()).resume(run, options));
  withWho(program.command('priority'))
    .description("change a run's priority class")
    .argument('<run>', RUN)
    .addArgument(new Argument('<class>', 'who goes first').choices(PRIORITY_CLASSES))
    .action(async (run, to, options) => (await acts()).priority(run, to, options));
  withWho(program.command('deadline'))
    .description("change a run's deadline, or take it away")
    .argument('<run>', RUN)
    .argument('<when>', 'from now (90m, 2h), an RFC 3339 time, or none')
    .action(async (run, when, options) => (await acts()).deadline(run, when, options));
  const actOnTask = (name: 'hold' | 'release' | 'unpin', text: string) =>
    withWho(program.command(name))
      .description(text)
      .argument('<run>', RUN)
      .argument('<task>', TASK)
      .action(async (run, task, options) => (await acts()).actOnTask(name, run, task, options));
  actOnTask('hold', 'keep a task from starting until it is released');
  actOnTask('release', 'let a held task go');
  withWho(program.command('pin'))
    .description('let a task go to one node only')
    .argument('<run>', RUN)
    .argument('<task>', TASK)
    .argument('<node>', NODE)
    .action(async (run, task, node, options) => (await acts()).pin(run, task, node, options));
  actOnTask('unpin', 'let a pinned task go to any node again');
  withWho(program.command('drain'))
    .description('give a node no new work; what runs there goes on')
    .argument('<node>', NODE)
    .action(async (node, options) => (await acts()).drain(node, options));
  withWho(program.command('undrain'))
    .description('let a drained node take work again')
    .argument('<node>', NODE)
    .action(async (node, options) => (await acts()).undrain(node, options));
};
