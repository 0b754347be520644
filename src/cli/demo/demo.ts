import { once } from 'node:events';
import { SignalboxError } from '../../domain/index.js';
import { EXIT } from '../exit-codes.js';
import { duration } from '../output/format.js';
import { closingLines } from './closing.js';
import { type Narrator, narrator } from './narrator.js';
import { openStage, type Stage } from './stage.js';
import { type Outcome, playStory } from './story.js';

interface DemoOptions {
  readonly json?: boolean;
  /** Leaves everything running until Ctrl-C. */
  readonly keep?: boolean;
}

/** `signalbox demo`: the main job on real data, told as it happens. Exit code 0 only where every claim it makes held. */
export const demo = async ({ json = false, keep = false }: DemoOptions): Promise<void> => {
  const say = narrator(json ? process.stderr : process.stdout);
  const interrupted = onInterrupt();
  const stage = await setUp(say, interrupted);
  let succeeded = false;
  try {
    const outcome = await playStory({ ...stage, say, signal: interrupted });
    requireBetterThanTrivial(outcome);
    for (const line of closingLines(outcome, say.to)) say.to.print(line);
    for (const line of furtherLines(stage, keep)) say.to.print(line);
    succeeded = true;
    if (json) process.stdout.write(`${JSON.stringify(summaryOf(outcome))}\n`);
    if (keep) await aborted(interrupted);
  } catch (error) {
    if (!interrupted.aborted) throw failed(error, stage);
  } finally {
    await stage.close({ keepFolder: !succeeded && !interrupted.aborted });
  }
  if (!interrupted.aborted) return;
  say.note('Stopped; nothing is left running.');
  if (!succeeded) process.exitCode = EXIT.interrupted;
};

/** Aborts at the first Ctrl-C, SIGTERM or closed terminal; a second one ends us at once, and lifelines the children. */
const onInterrupt = (): AbortSignal => {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort());
  return controller.signal;
};

const aborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, 'abort');
};

/** Finding or building a Temporal server may take minutes; Ctrl-C ends that at once, and lifelines end the children. */
const setUp = async (say: Narrator, interrupted: AbortSignal): Promise<Stage> => {
  const leave = () => process.exit(EXIT.interrupted);
  interrupted.addEventListener('abort', leave);
  say.to.print(say.to.colours.bold('Signalbox: real flights, a small gpu pool, and a run that cannot wait'));
  const startedMs = performance.now();
  const stage = await openStage((line) => say.note(line));
  const took = duration((performance.now() - startedMs) / 1000);
  say.done(`up in ${took}: Temporal, ledger, API, control, and a worker for each of gpu, cpu and io`);
  for (const note of stage.dev.notes) say.note(note);
  interrupted.removeEventListener('abort', leave);
  return stage;
};

const requireBetterThanTrivial = ({ testScore, baselineScore }: Outcome): void => {
  if (testScore > baselineScore) return;
  throw new SignalboxError(
    'demo-failed',
    `The model scored ${testScore}, the trivial baseline ${baselineScore}.`,
  );
};

const failed = (error: unknown, { dev }: Stage): unknown => {
  if (!(error instanceof SignalboxError)) return error;
  return new SignalboxError(error.code, `${error.message}\nLogs: ${dev.logFolder}`, error.problems, {
    cause: error,
  });
};

const summaryOf = ({
  urgentWaitedSeconds,
  inArrivalOrderSeconds,
  victim,
  testScore,
  baselineScore,
}: Outcome) => ({
  ok: true,
  runs: 2,
  urgentWaitedSeconds,
  inArrivalOrderSeconds,
  lostSeconds: victim.lostSeconds,
  testScore,
  baselineScore,
});

const furtherLines = ({ dev, folder }: Stage, keep: boolean): readonly string[] => {
  if (!keep)
    return ['', 'To look around in it: npm run demo -- --keep    To run a pipeline of your own: README.md'];
  const ui = dev.temporalUiUrl === null ? [] : [`Temporal UI  ${dev.temporalUiUrl}`];
  return [
    '',
    'Everything stays up until Ctrl-C:',
    `  API          ${dev.apiUrl}/v1/runs`,
    ...ui.map((line) => `  ${line}`),
    `  Logs         ${dev.logFolder}`,
    `  Commands     SIGNALBOX_API_URL=${dev.apiUrl} npx signalbox runs`,
    `  Models       ${folder}/.signalbox/models`,
  ];
};
