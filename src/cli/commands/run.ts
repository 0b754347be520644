import type { ApiClient, DryRun, Run, RunDetail, StartRun, Task } from '../../api/client/index.js';
import { type Params, type Pipeline, parseParameterText, SignalboxError } from '../../domain/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { inFile, readDocument } from '../documents.js';
import { EXIT } from '../exit-codes.js';
import { followRun } from '../follow/follow.js';
import { liveWatcher } from '../follow/live.js';
import { plainWatcher } from '../follow/plain.js';
import { forecastLines } from '../output/forecast-text.js';
import { count, duration } from '../output/format.js';
import { elapsedSeconds } from '../output/run-text.js';
import { oneLine } from '../output/table.js';
import { type Colours, note, printJson, terminal } from '../output/terminal.js';

interface RunOptions extends ApiOptions, Pick<StartRun, 'priority' | 'deadline' | 'tenant'> {
  /** `name=value`, each once. */
  readonly param?: readonly string[];
  readonly idempotencyKey?: string;
  readonly follow?: boolean;
  readonly dryRun?: boolean;
}

/** `signalbox run FILE`: checks the document here, starts it there, and with `--follow` watches it to its end. */
export const run = async (file: string, options: RunOptions): Promise<void> => {
  const client = openClient(options);
  const { request, sent } = await read(file, options);
  if (options.dryRun) return showDryRun(await sent(client.forecastRun(request)), options);
  const { run, created } = await sent(client.startRun(request, options.idempotencyKey));
  if (!options.json) announce(run, created, options);
  if (options.follow) await follow(client, run, options);
  else if (options.json) printJson(run);
};

/** The request that the file and the options make; `sent` puts the file's name to mistakes that the server finds in it. */
const read = async (file: string, options: RunOptions) => {
  const { pipeline, text: document } = await readDocument(file);
  const params = readParams(pipeline, options.param ?? []);
  const { priority, deadline, tenant } = options;
  const request = { document, params, ...defined({ priority, deadline, tenant }) };
  const sent = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
    answer.catch((error) => {
      throw inFile(error, file);
    });
  return { request, sent };
};

const showDryRun = (dry: DryRun, { json }: RunOptions): void => {
  if (json) {
    printJson(dry);
    return;
  }
  const to = terminal();
  const { pipeline, priority, tenant } = dry;
  to.print(`${to.colours.bold(pipeline)}, ${priority} priority, tenant ${tenant}: nothing was started`);
  for (const line of forecastLines(dry, to, Date.now())) to.print(line);
};

const defined = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };

const readParams = (pipeline: Pipeline, assignments: readonly string[]): Params => {
  const read = parseParameterText(pipeline, assignments);
  if ('params' in read) return read.params;
  const what = `The parameters have ${count(read.problems.length, 'mistake')}.`;
  throw new SignalboxError('invalid-parameter', what, read.problems);
};

const announce = (run: Run, created: boolean, { follow }: RunOptions): void => {
  const to = terminal();
  const { bold, dim, yellow } = to.colours;
  const nowMs = Date.now();
  to.print(
    created
      ? `Started ${bold(run.id)}`
      : `${bold(run.id)} was started before with this key; nothing new began`,
  );
  for (const line of forecastLines(run, to, nowMs)) to.print(line);
  if (created && run.forecast.deadline === 'infeasible')
    to.print(yellow('  It was accepted, but by the forecast it will miss its deadline.'));
  if (!follow) to.print(`  ${dim('watch'.padEnd(10))}  signalbox show ${run.id}`);
};

const follow = async (client: ApiClient, { id }: Run, { json }: RunOptions): Promise<void> => {
  const { isLive, print } = terminal();
  const watcher = json ? plainWatcher(note) : isLive ? liveWatcher(process.stdout) : plainWatcher(print);
  const over = await followRun(client, id, watcher);
  process.exitCode = over.status === 'succeeded' ? EXIT.ok : EXIT.failed;
  if (json) printJson(over);
  else printEnd(over);
};

const printEnd = (run: RunDetail): void => {
  const { print, colours } = terminal();
  for (const line of endLines(run, colours)) print(line);
};

const endLines = (run: RunDetail, { green, red, dim }: Colours): string[] => {
  const took = duration(elapsedSeconds(run, Date.now()));
  if (run.status === 'succeeded') return [`${green('✓')} ${run.id} succeeded in ${took}`];
  const how = run.status === 'failed' ? 'failed' : 'was cancelled';
  const why = run.error ? `: ${oneLine(run.error.message)}` : '';
  const failed = culprit(run);
  const hint = failed ? [dim(`  signalbox logs ${run.id} '${failed.key}' --stderr`)] : [];
  return [`${red('✗')} ${run.id} ${how} after ${took}${why}`, ...hint];
};

/** The failed task that the run's error names: others may have failed before, with a fallback that stood in. */
const culprit = ({ tasks, error }: RunDetail): Task | undefined => {
  const failed = tasks.filter(({ state }) => state === 'failed');
  return failed.find(({ key }) => error?.message.startsWith(`Task ${key} `)) ?? failed.at(-1);
};
