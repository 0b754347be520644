import { setTimeout as pause } from 'node:timers/promises';
import type { RunDetail, Task } from '../../api/client/index.js';
import { SignalboxError } from '../../domain/index.js';
import type { PatientClient } from './patience.js';

const POLL_MS = 250;
/** The whole demo takes about a minute; a scene that takes longer than this has gone wrong. */
const SCENE_LIMIT_MS = 240_000;

/** Looks at a run until something is true of it. Throws `demo-failed` when the run fails first or nothing happens. */
export const watchUntil = async (
  client: PatientClient,
  id: string,
  holds: (run: RunDetail) => boolean,
  signal: AbortSignal,
): Promise<RunDetail> => {
  const giveUpAtMs = performance.now() + SCENE_LIMIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const run = await client.getRun(id);
    if (holds(run)) return run;
    if (run.status !== 'running') throw new SignalboxError('demo-failed', howItEnded(run));
    if (performance.now() > giveUpAtMs) {
      throw new SignalboxError('demo-failed', `${id} made no progress for ${SCENE_LIMIT_MS / 1000} s.`);
    }
    await pause(POLL_MS, undefined, { signal });
  }
};

const howItEnded = (run: RunDetail): string => {
  const failed = run.tasks.find(({ error }) => error !== null);
  const why = failed?.error
    ? `task ${failed.key}: ${failed.error.message}`
    : (run.error?.message ?? 'no reason given');
  return `${run.id} ${run.status}: ${why}`;
};

/** A task of a run by its key. Throws where there is none. */
export const taskOf = (run: RunDetail, key: string): Task => {
  const task = run.tasks.find((each) => each.key === key);
  if (task === undefined) throw new SignalboxError('demo-failed', `${run.id} has no task ${key}.`);
  return task;
};

/** The items of the fan-out over candidates. */
export const trainingTasks = (run: RunDetail): readonly Task[] =>
  run.tasks.filter(({ key }) => key.startsWith('train['));

/** Whether a task has succeeded. */
export const succeeded =
  (key: string) =>
  (run: RunDetail): boolean =>
    run.tasks.some((task) => task.key === key && task.state === 'succeeded');

/** A number that a task gave. */
export const numberOf = (run: RunDetail, key: string, output: string): number =>
  Number(taskOf(run, key).outputs[output]);
