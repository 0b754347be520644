import type { Explanation, RunDetail } from '../../api/client/index.js';
import { SignalboxError } from '../../domain/index.js';
import { forecastLines } from '../output/forecast-text.js';
import { duration } from '../output/format.js';
import type { Cast } from './cast.js';
import { taskOf, trainingTasks, watchUntil } from './watch.js';

/** One candidate on half the data. */
const SIZE = { sample: 20, trees: 60, candidates: [{ depth: 4, learningRate: 0.15 }] };
export const URGENT_TRAINING = 'train[0]';

/** Who made room for the urgent training. */
export interface Victim {
  readonly taskKey: string;
  /** Work that it had to do again, as it was measured. */
  readonly lostSeconds: number;
}

/** The model in service has gone stale; it should be replaced by then. */
const DEADLINE = '90s';

/** Somebody asks, before starting anything, whether a deadline could hold: as it stands, and otherwise. */
export const askBeforehand = async ({ client, document, say }: Cast) => {
  say.scene(`The model in service has gone stale: could there be a new one in ${DEADLINE}?`);
  const request = { document, params: SIZE, priority: 'batch', deadline: DEADLINE } as const;
  const dry = await client.forecastRun(request);
  say.note(`signalbox run flights.yaml --priority batch --deadline ${DEADLINE} --dry-run`);
  for (const line of forecastLines(dry, { ...say.to, width: Math.min(say.to.width, 110) - 2 }, Date.now()))
    say.to.print(`  ${line}`);
  if (!dry.forecast.offers.some(({ change }) => change.kind === 'priority'))
    throw new SignalboxError('demo-failed', 'A higher priority was not offered: the gpu pool was not full.');
};

/** An urgent run arrives while the pool is full; a candidate of the training makes room for it. */
export const letTheExpressPass = async (cast: Cast, trainingId: string) => {
  const { client, document, say, signal } = cast;
  say.scene('So it is started at critical priority');
  const { run } = await client.startRun({
    document,
    params: SIZE,
    priority: 'critical',
    deadline: DEADLINE,
  });
  say.note(`${run.id}: one candidate, half the data, at once`);
  await watchUntil(client, run.id, isReady, signal);
  const victim = await tellWhoGaveWay(cast, trainingId, run.id);
  const granted = await watchUntil(client, run.id, hasStarted, signal);
  const wait = duration(taskOf(granted, URGENT_TRAINING).waitedSeconds ?? 0);
  say.done(`after ${wait} the urgent training has its device`);
  return { urgentId: run.id, victim };
};

const isReady = (run: RunDetail): boolean => run.tasks.some(({ key }) => key === URGENT_TRAINING);
const hasStarted = (run: RunDetail): boolean => taskOf(run, URGENT_TRAINING).startedAt !== null;

/** Which candidate was asked to leave, why it, and what that cost. */
const tellWhoGaveWay = async ({ client, say, signal }: Cast, trainingId: string, urgentId: string) => {
  const moved = await watchUntil(
    client,
    trainingId,
    (run) => hasMoved(run) || run.status !== 'running',
    signal,
  );
  const key = trainingTasks(moved).find(isMoved)?.key;
  if (key === undefined)
    throw new SignalboxError(
      'demo-failed',
      `A device came free for ${urgentId} by itself: nobody made room.`,
    );
  const { explanations } = await client.explain(trainingId, key);
  const first = explanations.find(({ past }) => sentence(past, 'preempting') !== undefined);
  const asked = first && sentence(first.past, 'preempting');
  const ended = first && sentence(first.past, 'ended');
  if (asked === undefined || ended === undefined || !asked.includes(urgentId))
    throw new SignalboxError('demo-failed', `${key} left, but not for ${urgentId}.`);
  say.note(`signalbox explain ${trainingId} '${key}'`);
  say.quote(asked);
  say.quote(ended);
  return { taskKey: key, lostSeconds: await lostBy(client, trainingId, key) };
};

/** Work that its next attempt has to do again, as its worker measured it. */
const lostBy = async (client: Cast['client'], run: string, key: string): Promise<number> => {
  const { attempts } = await client.listSettled({ pipeline: 'flights', task: 'train', limit: 100 });
  const ended = attempts.find((each) => each.run === run && each.key === key);
  if (ended?.outcome !== 'preempted' || ended.lostSeconds === null)
    throw new SignalboxError('demo-failed', `${key} did not give way: ${ended?.outcome ?? 'it never ran'}.`);
  return ended.lostSeconds;
};

const hasMoved = (run: RunDetail): boolean => trainingTasks(run).some(isMoved);

/** It has had an attempt that ended early. */
const isMoved = ({ attempt }: { readonly attempt: number }): boolean => attempt > 1;

const sentence = (past: Explanation['past'], kind: string): string | undefined =>
  past.findLast((decision) => decision.kind === kind)?.sentence;

/** The candidate that made room goes on from where it was. */
export const tellResumption = async ({ client, say, signal }: Cast, trainingId: string, taskKey: string) => {
  const isDone = (run: RunDetail): boolean => taskOf(run, taskKey).state === 'succeeded';
  const task = taskOf(await watchUntil(client, trainingId, isDone, signal), taskKey);
  const trees = Number(task.outputs.resumedFrom);
  if (!(trees > 0)) throw new SignalboxError('demo-failed', `${taskKey} did not go on from its checkpoint.`);
  say.done(
    taskKey,
    `went on from its checkpoint at tree ${trees}, and has ended with the model it would have had`,
  );
};
