import { readFileSync } from 'node:fs';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { bytesOf, durationSeconds, POOLS, PRIORITY_CLASSES } from '../domain/index.js';
import type { ForecastMode } from '../simulator/index.js';
import { EXIT_CODES_HELP } from './exit-codes.js';
import { PACKAGE_ROOT } from './package-root.js';

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

const addRunCommands = (program: Command): void => {
  program.commandsGroup('Run pipelines:');
  program
    .command('validate')
    .description('check pipeline documents: every mistake, with its place and its mend')
    .argument('<file...>', 'documents in YAML or JSON; - reads standard input')
    .addOption(json())
    .action(async (files, options) => (await import('./commands/validate.js')).validate(files, options));
  program
    .command('schema')
    .description('print the JSON Schema of pipeline documents, for editors')
    .action(async () => (await import('./commands/schema.js')).schema());
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
    .action(async (file, options) => (await import('./commands/run.js')).run(file, options));
};

const addLookCommands = (program: Command): void => {
  program.commandsGroup('Look:');
  withApi(program.command('runs'))
    .description('list runs, newest first')
    .addOption(
      new Option('--status <status>', 'only these').choices(['running', 'succeeded', 'failed', 'cancelled']),
    )
    .option('--pipeline <name>', 'only runs of this pipeline')
    .option('--limit <n>', 'how many', wholeNumber(1, 200), 20)
    .option('--cursor <cursor>', 'continue where the page before ended')
    .action(async (options) => (await import('./commands/runs.js')).runs(options));
  withApi(program.command('show'))
    .description('show a run, task by task: where, forecast, waited, ran')
    .argument('<run>', RUN)
    .action(async (run, options) => (await import('./commands/show.js')).show(run, options));
  withApi(program.command('explain'))
    .description('say why each task is where it is, and when it should go on')
    .argument('<run>', RUN)
    .argument('[task]', "only this one: 'train', or 'train[2]'")
    .action(async (run, task, options) =>
      (await import('./commands/explain.js')).explain(run, task, options),
    );
  withApi(program.command('logs'))
    .description("print what a task's program printed")
    .argument('<run>', RUN)
    .argument('<task>', "its name; an item of a fan-out as 'train[2]'")
    .option('--stderr', 'its standard error instead')
    .option('--attempt <n>', 'an earlier attempt', wholeNumber(1, 1_000))
    .option('-f, --follow', 'go on until the attempt has ended')
    .action(async (run, task, options) => (await import('./commands/logs.js')).logs(run, task, options));
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
    .action(async (options) => (await import('./commands/events.js')).events(options));
  withApi(program.command('nodes'))
    .description('list the machines, what they have and what of it is taken')
    .action(async (options) => (await import('./commands/nodes.js')).nodes(options));
  withApi(program.command('pools'))
    .description('how much waits and runs in each pool, and whether it is paused')
    .action(async (options) => (await import('./commands/pools.js')).pools(options));
  withApi(program.command('usage'))
    .description('what tenants spend and hold, beside their budgets, quotas and shares')
    .option('--tenant <name>', 'only this tenant')
    .action(async (options) => (await import('./commands/usage.js')).usage(options));
};

const addActCommands = (program: Command): void => {
  program.commandsGroup('Act:');
  const acts = () => import('./commands/acts.js');
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

const RUN = 'as `signalbox runs` lists it';
const NODE = 'as `signalbox nodes` lists it';
const TASK = "its name (of a fan-out all items), or an item as 'train[2]'";

const addAuditCommands = (program: Command): void => {
  program.commandsGroup('Audit:');
  const audit = program.command('audit').description('what was decided, and whether it would be again');
  withApi(audit.command('replay'))
    .description('plan the recorded cycles again and compare, byte for byte; a difference exits 1')
    .option('--from <when>', 'how long ago (90m, 2h, 1d) or an RFC 3339 time', '1d')
    .option('--to <when>', 'the same', 'now')
    .action(async (options) => (await import('./commands/audit-replay.js')).auditReplay(options));
};

const addForecastCommands = (program: Command): Command => {
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
    .action(async (file, options) => (await import('./commands/forecast.js')).evaluateTrace(file, options));
  return forecast;
};

const addHistoryCommands = (program: Command, forecast: Command): void => {
  withApi(forecast.command('show'))
    .description('what the forecasts of settled tasks were worth; of one task with a plot')
    .argument('[task]', "its name in the pipeline, without a fan-out's index")
    .option('--pipeline <name>', 'only tasks of this pipeline')
    .option('--limit <n>', 'how many attempts, the newest first', wholeNumber(1, 1_000), 1_000)
    .option('--svg <file>', 'write the plot as a picture')
    .action(async (task, options) =>
      (await import('./commands/forecast-show.js')).showForecasts(task, options),
    );
  withApi(forecast.command('demand'))
    .description('how much work should arrive at the pools in the coming hours')
    .addOption(new Option('--pool <pool>', 'only this pool').choices(POOLS))
    .option('--hours <n>', 'how many hours, this one included', wholeNumber(1, 168), 6)
    .action(async (options) => (await import('./commands/forecast-demand.js')).showDemand(options));
  withApi(program.command('advise'))
    .description('which tasks ask for much more, or less, than they have ever used')
    .option('--pipeline <name>', 'only tasks of this pipeline')
    .option('--limit <n>', 'how many attempts, the newest first', wholeNumber(1, 1_000), 1_000)
    .action(async (options) => (await import('./commands/advise.js')).advise(options));
};

const addSimulateCommand = (program: Command): void => {
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
    .action(async (options) => (await import('./commands/simulate.js')).simulate(options));
};

const addPolicyCommands = (program: Command): void => {
  const policy = program
    .command('policy')
    .description('the policy in force: what it is, what it was, and how it is changed');
  policy
    .command('validate')
    .description('check policy documents: every mistake, with its place and its mend')
    .argument('<policy...>', 'files in YAML or JSON (- reads standard input), or names of policies that ship')
    .addOption(json())
    .action(async (names, options) =>
      (await import('./commands/policy/validate.js')).validatePolicies(names, options),
    );
  withApi(policy.command('list'))
    .description('the policies that are or were in force, the newest first: since when, by whom, why')
    .action(async (options) => (await import('./commands/policy/list.js')).listPolicies(options));
  withApi(policy.command('show'))
    .description('print a stored policy as it was written')
    .argument('[version]', 'its version or name (the one in force where absent)')
    .action(async (version, options) =>
      (await import('./commands/policy/show.js')).showPolicy(version, options),
    );
  withApi(policy.command('diff'))
    .description('what one policy says otherwise than another, field by field')
    .argument('<policy>', POLICY_HELP)
    .argument('[other]', 'what to compare it with; where absent, the one in force is compared with the first')
    .action(async (first, second, options) =>
      (await import('./commands/policy/diff.js')).diffPolicies(first, second, options),
    );
  withChange(policy.command('activate'))
    .description('bring a policy into force, from the next cycle on and without a restart')
    .argument('<policy>', POLICY_HELP)
    .action(async (name, options) =>
      (await import('./commands/policy/change.js')).activatePolicy(name, options),
    );
  withChange(policy.command('rollback'))
    .description('go back to the policy before; again goes further back')
    .option('--to <version>', 'to this one')
    .action(async (options) => (await import('./commands/policy/change.js')).rollbackPolicy(options));
};

const POLICY_HELP = 'a file, the name of a policy that ships, the version of a stored one, or `active`';

const withChange = (command: Command): Command =>
  withApi(command)
    .requiredOption('--reason <text>', 'why, for the record; needed')
    .option('--by <name>', BY)
    .option('--expect <version>', 'only if this one is in force');

const addServiceCommands = (program: Command): void => {
  program.commandsGroup('Run Signalbox itself:');
  program
    .command('demo')
    .description('the main job on real data, in a place of its own: what happens, and why')
    .option('--keep', 'leave everything running until Ctrl-C')
    .option('--json', 'end with one JSON line on standard output; the story goes to standard error')
    .action(async (options) => (await import('./demo/demo.js')).demo(options));
  program
    .command('dev')
    .description('everything on this machine: Temporal, ledger, API and a worker for each pool')
    .option('--port <port>', "the API's port (7700 where absent)", port)
    .option('--temporal-port <port>', "the Temporal server's port (7233 where absent)", port)
    .option('--ui-port <port>', "the Temporal Web UI's port (8233 where absent)", port)
    .option('--functions <file>', 'a module of functions that every worker offers; repeat for more', collect)
    .option('--policy <file>', 'activate this policy document')
    .action(async (options) => (await import('./commands/dev.js')).dev(options));
  withDatabase(program.command('api'))
    .description('the HTTP API (SIGNALBOX_WORKER_TOKEN is needed, SIGNALBOX_API_TOKEN beyond this machine)')
    .option('--host <host>', 'where to listen', '127.0.0.1')
    .option('--port <port>', 'where to listen', port, 7700)
    .addOption(workspace())
    .action(async (options) => (await import('./commands/api.js')).api(options));
  withTemporal(withDatabase(program.command('control')))
    .description("the control worker: the pipelines' workflows and the planner")
    .option('--audit-days <n>', 'for how long planner cycles are kept (SIGNALBOX_AUDIT_DAYS; 7 where absent)')
    .action(async (options) => (await import('./commands/control.js')).control(options));
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
    .action(async (options) => (await import('./commands/worker.js')).worker(options));
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

const withApi = (command: Command): Command =>
  command
    .addOption(new Option('--api <url>', "the API's address").env('SIGNALBOX_API_URL'))
    .addOption(json());
const BY = "who, for the record (the system's user where absent)";
/** Of every act: why, and who. */
const withWho = (command: Command): Command =>
  withApi(command).option('--reason <text>', 'why, for the record').option('--by <name>', BY);
const json = (): Option => new Option('--json', 'one JSON document on standard output');

const collect = (value: string, before: string[] = []): string[] => [...before, value];

const FORECASTS: readonly ForecastMode[] = ['learned', 'median', 'oracle', 'none'];

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most || text.trim() === '')
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    return value;
  };

const number =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!(value >= least && value <= most) || text.trim() === '')
      throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`);
    return value;
  };

const nodeSize = (text: string): number => {
  const size = Number(/^(\d+)x?$/.exec(text)?.[1]);
  if (!(size >= 1)) throw new InvalidArgumentError('Give the devices of a node, such as 8x.');
  return size;
};

const checkpoints = (text: string): 'always' | 'none' | number =>
  text === 'always' || text === 'none' ? text : number(1, 1e9)(text);

const period = (text: string): number => {
  const seconds = durationSeconds(text);
  if (!(seconds > 0)) throw new InvalidArgumentError('Give a period such as 12h or 30d.');
  return seconds;
};

const list = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

const share = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('Give a number between 0 and 1.');
  return value;
};

const byteSize = (text: string): string => {
  if (Number.isNaN(bytesOf(text))) throw new InvalidArgumentError('Give a size such as 512MiB or 8GiB.');
  return text;
};

const port = wholeNumber(0, 65_535);
