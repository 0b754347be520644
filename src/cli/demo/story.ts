import type { Explanation, RunDetail, Task } from '../../api/client/index.js';
import { SignalboxError } from '../../domain/index.js';
import { bytes, duration } from '../output/format.js';
import { waitInArrivalOrderMs } from './arrival-order.js';
import type { Narrator } from './narrator.js';
import type { PatientClient } from './patience.js';
import { numberOf, succeeded, taskOf, trainingTasks, watchUntil } from './watch.js';

/** What the story is played with. */
export interface Cast {
  readonly client: PatientClient;
  readonly document: string;
  readonly say: Narrator;
  readonly signal: AbortSignal;
}

/** How the story came out, all of it measured. */
export interface Outcome {
  readonly training: RunDetail;
  readonly urgent: RunDetail;
  readonly explanations: ReadonlyMap<string, readonly Explanation[]>;
  readonly urgentWaitedSeconds: number;
  /** The same run times, replayed in order of arrival. */
  readonly inArrivalOrderSeconds: number;
  /** Candidates that were ready before the urgent one and started after it. */
  readonly overtaken: number;
  readonly testScore: number;
  readonly baselineScore: number;
}

/** So many candidates wait for each device that an urgent run always finds the pool full. */
const CANDIDATES_PER_DEVICE = 4;
/** The scenes' sizes: a candidate takes about five seconds on a slow core. */
const NIGHTLY = { sample: 40, trees: 80 };
const URGENT = { sample: 20, trees: 60, candidates: [{ depth: 4, learningRate: 0.15 }] };
const URGENT_TRAINING = 'train[0]';

/** Plays the whole story: a training fills the gpu pool, an urgent run arrives and goes first, both finish. */
export const playStory = async (cast: Cast): Promise<Outcome> => {
  const devices = await countDevices(cast.client);
  const training = await fillThePool(cast, devices);
  const { urgentId, overtaken } = await letTheExpressPass(cast, training.id);
  const [trainingEnd, urgentEnd] = await finishBoth(cast, training.id, urgentId);
  return { ...(await measuresOf(cast.client, trainingEnd, urgentEnd, devices)), overtaken };
};

const countDevices = async (client: PatientClient): Promise<number> => {
  const { nodes } = await client.listNodes();
  return nodes.reduce((sum, { capacity }) => sum + capacity.devices, 0);
};

/** Different depths and rates; beyond the grid's size the rates differ further. */
const candidates = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    depth: 3 + (i % 4),
    learningRate: Number((0.06 * (1 + Math.floor(i / 4))).toFixed(2)),
  }));

const fillThePool = async ({ client, document, say, signal }: Cast, devices: number) => {
  say.scene('A nightly training starts, at batch priority');
  const params = { ...NIGHTLY, candidates: candidates(devices * CANDIDATES_PER_DEVICE) };
  const { run } = await client.startRun({ document, params, priority: 'batch' });
  say.note(`${run.id}: the US flights of January to June 2001; which will arrive late?`);
  await tellPreparation({ client, say, signal }, run.id);
  const full = await watchUntil(client, run.id, (now) => runningIn(now).length >= devices, signal);
  const waiting = trainingTasks(full).filter(({ state }) => state === 'waiting').length;
  say.note(`train: the gpu pool is full, ${runningIn(full).length} candidates run, ${waiting} wait`);
  return run;
};

const runningIn = (run: RunDetail): readonly Task[] =>
  trainingTasks(run).filter(({ state }) => state === 'running');

const tellPreparation = async ({ client, say, signal }: Omit<Cast, 'document'>, id: string) => {
  const ingested = await watchUntil(client, id, succeeded('ingest'), signal);
  const digest = String(taskOf(ingested, 'ingest').outputs.sha256).slice(0, 12);
  say.done('ingest', `${bytes(numberOf(ingested, 'ingest', 'bytes'))} by reference, SHA-256 ${digest}…`);
  const validated = await watchUntil(client, id, succeeded('validate'), signal);
  const flights = numberOf(validated, 'validate', 'flights').toLocaleString('en');
  say.done('validate', `${flights} flights, five quality rules hold`);
  const split = await watchUntil(client, id, succeeded('features'), signal);
  const rows = ['trainRows', 'validationRows', 'testRows'].map((part) =>
    numberOf(split, 'features', part).toLocaleString('en'),
  );
  say.done(
    'features',
    `a sample split by time: ${rows[0]} to learn from, ${rows[1]} to choose with, ${rows[2]} to score`,
  );
};

const letTheExpressPass = async (cast: Cast, trainingId: string) => {
  const { client, document, say, signal } = cast;
  say.scene('Now an urgent run arrives, at critical priority');
  const { run } = await client.startRun({ document, params: URGENT, priority: 'critical' });
  say.note(`${run.id}: the model in service has gone stale; one candidate, half the data, at once`);
  const ready = await watchUntil(client, run.id, isReady, signal);
  if (taskOf(ready, URGENT_TRAINING).state === 'waiting') await quoteWhatIs(cast, run.id);
  const granted = await watchUntil(client, run.id, hasStarted, signal);
  const overtaken = countOvertaken(taskOf(granted, URGENT_TRAINING), await client.getRun(trainingId));
  if (overtaken === 0) {
    throw new SignalboxError(
      'demo-failed',
      'The urgent training overtook nobody: the gpu pool was not full.',
    );
  }
  const wait = duration(taskOf(granted, URGENT_TRAINING).waitedSeconds ?? 0);
  say.done(
    `after ${wait} a device came free, and it is its own: past ${overtaken} candidates that came earlier`,
  );
  await quoteTheGrant(cast, run.id);
  return { urgentId: run.id, overtaken };
};

const isReady = (run: RunDetail): boolean => run.tasks.some(({ key }) => key === URGENT_TRAINING);
const hasStarted = (run: RunDetail): boolean => taskOf(run, URGENT_TRAINING).startedAt !== null;

/** Why the urgent training waits, in the planner's words. */
const quoteWhatIs = async ({ client, say }: Cast, id: string) => {
  const { explanations } = await client.explain(id, URGENT_TRAINING);
  const [found] = explanations;
  if (found?.state !== 'waiting') return;
  say.note(`signalbox explain ${id} '${URGENT_TRAINING}'`);
  say.quote(found.now);
};

/** Why it went before the others. */
const quoteTheGrant = async ({ client, say }: Cast, id: string) => {
  const { explanations } = await client.explain(id, URGENT_TRAINING);
  const grant = explanations[0]?.past.findLast(({ kind }) => kind === 'granted');
  if (grant !== undefined) say.quote(grant.sentence);
};

/** How many candidates were ready before `urgent` and did not start before it. */
const countOvertaken = (urgent: Task, training: RunDetail): number =>
  trainingTasks(training).filter(
    ({ readyAt, startedAt }) => at(readyAt) < at(urgent.readyAt) && at(startedAt) > at(urgent.startedAt),
  ).length;

const at = (time: string | null): number => (time === null ? Number.POSITIVE_INFINITY : Date.parse(time));

const finishBoth = async ({ client, say, signal }: Cast, trainingId: string, urgentId: string) => {
  const isOver = (run: RunDetail) => run.status === 'succeeded';
  const urgent = await watchUntil(client, urgentId, isOver, signal);
  say.done(
    `the urgent run is over: its model answered over HTTP ${duration(elapsed(urgent))} after the order`,
  );
  say.scene('The training goes on to its end');
  const training = await watchUntil(client, trainingId, isOver, signal);
  const { options, testScore } = taskOf(training, 'evaluate').outputs as unknown as Evaluated;
  say.done(
    'evaluate',
    `depth ${options.depth}, rate ${options.learningRate} did best in May; in June its AUC is ${testScore.toFixed(3)}`,
  );
  say.done(
    'register',
    `version ${String(taskOf(training, 'register').outputs.version)}, with its data, code and scores`,
  );
  say.done(
    'serve',
    `asked once over HTTP: late with probability ${numberOf(training, 'serve', 'probability').toFixed(2)}`,
  );
  return [training, urgent] as const;
};

interface Evaluated {
  readonly options: { readonly depth: number; readonly learningRate: number };
  readonly testScore: number;
}

const elapsed = ({ createdAt, endedAt }: RunDetail): number => (at(endedAt) - at(createdAt)) / 1000;

const measuresOf = async (
  client: PatientClient,
  training: RunDetail,
  urgent: RunDetail,
  devices: number,
): Promise<Omit<Outcome, 'overtaken'>> => {
  const express = taskOf(urgent, URGENT_TRAINING);
  const measured = [...trainingTasks(training), express].map(measure);
  const explained = await Promise.all([training, urgent].map(({ id }) => client.explain(id)));
  return {
    training,
    urgent,
    explanations: new Map([training, urgent].map(({ id }, i) => [id, explained[i]?.explanations ?? []])),
    urgentWaitedSeconds: express.waitedSeconds ?? 0,
    inArrivalOrderSeconds: waitInArrivalOrderMs(measured, measured.at(-1) as Measured, devices) / 1000,
    testScore: numberOf(training, 'evaluate', 'testScore'),
    baselineScore: numberOf(training, 'evaluate', 'baselineScore'),
  };
};

type Measured = ReturnType<typeof measure>;
const measure = ({ readyAt, ranSeconds }: Task) => ({
  readyAtMs: at(readyAt),
  ranMs: (ranSeconds ?? 0) * 1000,
});
