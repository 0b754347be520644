import { type Command, Option } from 'commander';
import { POOLS } from '../../domain/index.js';
import { byteSize, collect, port, wholeNumber } from './options.js';

/** The services, for a laptop and for a team. */
export const addServiceCommands = (program: Command): void => {
  program.commandsGroup('Run Signalbox itself:');
  program
    .command('demo')
    .description('the main job on real data, in a place of its own: what happens, and why')
    .option('--keep', 'leave everything running until Ctrl-C')
    .option('--json', 'end with one JSON line on standard output; the story goes to standard error')
    .action(async (options) => (await import('../demo/demo.js')).demo(options));
  program
    .command('dev')
    .description('everything on this machine: Temporal, ledger, API and a worker for each pool')
    .option('--port <port>', "the API's port (7700 where absent)", port)
    .option('--temporal-port <port>', "the Temporal server's port (7233 where absent)", port)
    .option('--ui-port <port>', "the Temporal Web UI's port (8233 where absent)", port)
    .option('--functions <file>', 'a module of functions that every worker offers; repeat for more', collect)
    .option('--policy <file>', 'activate this policy document')
    .action(async (options) => (await import('../commands/dev.js')).dev(options));
  withDatabase(program.command('api'))
    .description('the HTTP API (SIGNALBOX_WORKER_TOKEN is needed, SIGNALBOX_API_TOKEN beyond this machine)')
    .option('--host <host>', 'where to listen', '127.0.0.1')
    .option('--port <port>', 'where to listen', port, 7700)
    .addOption(workspace())
    .action(async (options) => (await import('../commands/api.js')).api(options));
  withTemporal(withDatabase(program.command('control')))
    .description("the control worker: the pipelines' workflows and the planner")
    .option('--audit-days <n>', 'for how long planner cycles are kept (SIGNALBOX_AUDIT_DAYS; 7 where absent)')
    .action(async (options) => (await import('../commands/control.js')).control(options));
  withTemporal(program.command('worker'))
    .description("a node of a pool: runs tasks on this machine's hardware (SIGNALBOX_WORKER_TOKEN is needed)")
    .addOption(new Option('--pool <pool>', 'which pool').choices(POOLS).makeOptionMandatory())
    .option('--node <name>', "the node's name (this machine's and the pool's where absent)")
    .option('--devices <n>', 'GPUs to offer (found by nvidia-smi where absent)', wholeNumber(0, 1_024))
    .option(
      '--virtual-devices <n>',
      'devices that no hardware stands behind, for trying out',
      wholeNumber(1, 1_024),
    )
    .option('--cores <n>', 'CPU cores to offer (all where absent)', wholeNumber(0, 4_096))
    .option('--memory <size>', 'memory to offer, such as 8GiB (all where absent)', byteSize)
    .option('--slots <n>', 'tasks at a time that ask for no hardware', wholeNumber(0, 10_000))
    .option(
      '--functions <file>',
      'a module (TypeScript or JavaScript) of functions; repeat for more',
      collect,
      [],
    )
    .option(
      '--pass-env <name>',
      'a variable of the environment that tasks may see; repeat for more',
      collect,
      [],
    )
    .option('--label <name=value>', 'a label of the node; repeat for more', collect)
    .addOption(workspace())
    .addOption(new Option('--api <url>', "the API's address").env('SIGNALBOX_API_URL'))
    .action(async (options) => (await import('../commands/worker.js')).worker(options));
};

const withDatabase = (command: Command): Command =>
  command
    .addOption(new Option('--database <url>', 'the ledger, postgres://…').env('SIGNALBOX_DATABASE_URL'))
    .addOption(policy());

const withTemporal = (command: Command): Command =>
  command
    .addOption(new Option('--temporal-address <host:port>', "Temporal's server").env('TEMPORAL_ADDRESS'))
    .addOption(new Option('--temporal-namespace <name>', 'its namespace').env('TEMPORAL_NAMESPACE'))
    .addHelpText('after', TEMPORAL_HELP);

const policy = (): Option =>
  new Option(
    '--policy <file>',
    'the policy for a new ledger (the default one where absent); later `signalbox policy activate` changes it',
  ).env('SIGNALBOX_POLICY');

const workspace = (): Option =>
  new Option('--workspace <where>', "the runs' files: a folder or s3://bucket/prefix").env(
    'SIGNALBOX_WORKSPACE',
  );

const TEMPORAL_HELP = `
Temporal's security comes from the environment: TEMPORAL_API_KEY, TEMPORAL_TLS=true,
TEMPORAL_TLS_CA, TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY (files), TEMPORAL_TLS_SERVER_NAME.`;
