import type { Explanation, RunDetail } from '../../api/client/index.js';
import { duration } from '../output/format.js';
import { measure, waitInArrivalOrderMs } from './arrival-order.js';
import type { Cast } from './cast.js';
import { countDevices, fillThePool } from './nightly.js';
import type { PatientClient } from './patience.js';
import { askBeforehand, letTheExpressPass, tellResumption, URGENT_TRAINING, type Victim } from './urgent.js';
import { numberOf, taskOf, trainingTasks, watchUntil } from './watch.js';

/** How the story came out, all of it measured. */
export interface Outcome {
  readonly training: RunDetail;
  readonly urgent: RunDetail;
  readonly explanations: ReadonlyMap<string, readonly Explanation[]>;
  readonly urgentWaitedSeconds: number;
  /** The same run times, replayed in order of arrival. */
  readonly inArrivalOrderSeconds: number;
  /** Who made room for the urgent training. */
  readonly victim: Victim;
  readonly testScore: number;
  readonly baselineScore: number;
}

/** Plays the whole story: a training fills the gpu pool, an urgent run takes a device from it, both finish. */
export const playStory = async (cast: Cast): Promise<Outcome> => {
  const devices = await countDevices(cast.client);
  const trainingId = await fillThePool(cast, devices);
  await askBeforehand(cast);
  const { urgentId, victim } = await letTheExpressPass(cast, trainingId);
  const [training, urgent] = await finishBoth(cast, trainingId, urgentId, victim);
  return { ...(await measuresOf(cast.client, training, urgent, devices)), victim };
};

const finishBoth = async (cast: Cast, trainingId: string, urgentId: string, victim: Victim) => {
  const { client, say, signal } = cast;
  const isOver = (run: RunDetail) => run.status === 'succeeded';
  const urgent = await watchUntil(client, urgentId, isOver, signal);
  say.done(
    `the urgent run is over: its model answered over HTTP ${duration(elapsed(urgent))} after the order, ${spareOf(urgent)}`,
  );
  say.scene('The training goes on to its end');
  await tellResumption(cast, trainingId, victim.taskKey);
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

const at = (time: string | null): number => (time === null ? Number.POSITIVE_INFINITY : Date.parse(time));
/** How its deadline held: "35.1s before its deadline". */
const spareOf = ({ deadlineAt, endedAt }: RunDetail): string => {
  const spareSeconds = (at(deadlineAt) - at(endedAt)) / 1000;
  return `${duration(Math.abs(spareSeconds))} ${spareSeconds >= 0 ? 'before' : 'after'} its deadline`;
};
const elapsed = ({ createdAt, endedAt }: RunDetail): number => (at(endedAt) - at(createdAt)) / 1000;

const measuresOf = async (
  client: PatientClient,
  training: RunDetail,
  urgent: RunDetail,
  devices: number,
): Promise<Omit<Outcome, 'victim'>> => {
  const [ofTraining, ofUrgent] = await Promise.all(
    [training, urgent].map(async ({ id }) => (await client.explain(id)).explanations),
  );
  const measured = trainingTasks(training).map(({ key }) => measure(ofTraining ?? [], key));
  const express = measure(ofUrgent ?? [], URGENT_TRAINING);
  return {
    training,
    urgent,
    explanations: new Map([
      [training.id, ofTraining ?? []],
      [urgent.id, ofUrgent ?? []],
    ]),
    urgentWaitedSeconds: taskOf(urgent, URGENT_TRAINING).waitedSeconds ?? 0,
    inArrivalOrderSeconds: waitInArrivalOrderMs([...measured, express], express, devices) / 1000,
    testScore: numberOf(training, 'evaluate', 'testScore'),
    baselineScore: numberOf(training, 'evaluate', 'baselineScore'),
  };
};
