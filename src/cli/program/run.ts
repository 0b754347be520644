import { type Command, Option } from 'commander';
import { PRIORITY_CLASSES } from '../../domain/index.js';
import { collect, json, withApi } from './options.js';

/** Checking documents, and starting runs of them. */
export const addRunCommands = (program: Command): void => {
  program.commandsGroup('Run pipelines:');
  program
    .command('validate')
    .description('check pipeline documents: every mistake, with its place and its mend')
    .argument('<file...>', 'documents in YAML or JSON; - reads standard input')
    .addOption(json())
    .action(async (files, options) => (await import('../commands/validate.js')).validate(files, options));
  program
    .command('schema')
    .description('print the JSON Schema of pipeline documents, for editors')
    .action(async () => (await import('../commands/schema.js')).schema());
  withApi(program.command('run'))
    .description('start a pipeline')
    .argument('<file>', 'the document in YAML or JSON; - reads standard input')
    .option('-p, --param <name=value>', 'a parameter; repeat for more', collect)
    .addOption(new Option('--priority <class>', "instead of the document's").choices(PRIORITY_CLASSES))
    .option('--deadline <when>', 'from now (90m, 2h) or an RFC 3339 time')
    .option('--tenant <name>', "instead of the document's")
    .option('--idempotency-key <key>', 'the same key again gives the same run')
    .option('-f, --follow', 'watch it to its end')
    .option('--dry-run', 'only say when it would finish, and whether its deadline would hold')
    .action(async (file, options) => (await import('../commands/run.js')).run(file, options));
};
