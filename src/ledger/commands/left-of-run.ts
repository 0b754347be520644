import { type Remaining, type RunSpec, remaining, type TaskKey, taskName } from '../../domain/index.js';
import type { ExpectedRun, ExpectedTask } from '../../planner/index.js';
import type { RunRow, TaskRow } from '../rows/index.js';
import type { Surroundings } from '../state/draft.js';
import type { Image } from '../state/image.js';
import { idOf } from '../state/planner-view.js';
import { asker } from './expected-run.js';
import { type Outline, outlinesOf } from './outlines.js';

/** What the node last said of a running attempt, by its lease. */
export type Told = ReadonlyMap<string, { readonly startedAtMs: number; readonly progress: number | null }>;

/** What an open run has still to do: from where its attempts stand, and from its document for what has not come yet. */
export const leftOfRun = (
  run: RunRow,
  spec: RunSpec,
  told: Told,
  image: Image,
  around: Surroundings,
  atMs: number,
): ExpectedRun => {
  const outlines = outlinesOf({ ...spec, priorityClass: run.priorityClass }, around, atMs);
  const work = image.workOf(run.runId);
  const row = work.row ?? { runId: run.runId, loads: image.head.loads, leadSeconds: 0, tasks: {} };
  const asks = asker({ run, work: row, left: (pool) => work.left(pool) }, image, around, atMs);
  const newest = newestByName(image.tasksOf(run.runId));
  const passed = passedOver(outlines, newest);
  const running = (attempts: readonly TaskRow[]) =>
    attempts.flatMap((task) =>
      task.state === 'running' ? [{ left: leftOf(task, told, image, atMs), request: task.request }] : [],
    );
  const waiting = (attempts: readonly TaskRow[]) =>
    attempts.flatMap((task) => (task.state === 'waiting' ? (image.cluster.task(idOf(task)) ?? []) : []));
  const listed = outlines.map((outline): ExpectedTask => {
    const attempts = newest.get(outline.name) ?? [];
    const again = attempts.filter(({ state }) => COMES_AGAIN.has(state));
    const doneSeconds = again.length === 0 ? 0 : Math.min(...again.map((task) => task.doneSeconds));
    const items = passed.has(outline.name)
      ? again.length
      : Math.max(0, outline.items - attempts.length) + again.length;
    return {
      name: outline.name,
      needs: outline.needs,
      running: running(attempts),
      waiting: waiting(attempts),
      coming: items > 0 ? { items, asks: asks(outline, { doneSeconds }) } : null,
    };
  });
  const standIns = [...newest]
    .filter(([name]) => !outlines.some((outline) => outline.name === name))
    .map(([name, attempts]) => ({
      name,
      needs: [],
      running: running(attempts),
      waiting: waiting(attempts),
      coming: null,
    }));
  const tasks = [...listed, ...standIns].filter(
    (task) => task.running.length + task.waiting.length > 0 || task.coming !== null,
  );
  return { tasks, deadlineAtMs: run.deadlineAtMs };
};

/** Attempts that are over without having done their task's work: another one follows, or the run fails. */
const COMES_AGAIN = new Set<TaskRow['state']>(['failed', 'preempted', 'lost', 'revoked']);

/** Of each task, by its name in the pipeline, the newest attempt of each of its items. */
const newestByName = (attempts: readonly TaskRow[]): ReadonlyMap<string, readonly TaskRow[]> => {
  const last = new Map<TaskKey, TaskRow>();
  for (const task of attempts)
    if (task.attempt >= (last.get(task.taskKey)?.attempt ?? 0)) last.set(task.taskKey, task);
  const byName = new Map<string, TaskRow[]>();
  for (const task of last.values()) {
    const name = taskName(task.taskKey);
    byName.set(name, [...(byName.get(name) ?? []), task]);
  }
  return byName;
};

/** Tasks of which nothing more comes, for something that needs them has come: they have ended, or were skipped. */
const passedOver = (
  outlines: readonly Outline[],
  newest: ReadonlyMap<string, unknown>,
): ReadonlySet<string> => {
  const needsOf = new Map(outlines.map(({ name, needs }) => [name, needs]));
  const passed = new Set<string>();
  const open = [...newest.keys()].flatMap((name) => needsOf.get(name) ?? []);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (passed.has(name)) continue;
    passed.add(name);
    open.push(...(needsOf.get(name) ?? []));
  }
  return passed;
};

/** A smaller part done says little of the whole. */
const TELLING = 0.05;
/** How far the rest of what tells its progress may be off: its P90 is so much more than its P50. */
const ROUGHLY = 1.25;

/** What is left of a running attempt: by its own progress where it tells, else by its forecast and how long it has run. */
const leftOf = (task: TaskRow, told: Told, image: Image, atMs: number): Remaining => {
  const { leaseId, doneSeconds, grantedAtMs, forecast } = task;
  const said = told.get(leaseId ?? '');
  const startedAtMs = said?.startedAtMs ?? task.startedAtMs ?? grantedAtMs ?? atMs;
  const ranSeconds = doneSeconds + Math.max(0, atMs - startedAtMs) / 1_000;
  const progress = said?.progress ?? null;
  if (progress !== null && progress >= TELLING) {
    const p50Seconds = (ranSeconds * (1 - Math.min(1, progress))) / progress;
    return { p50Seconds, p90Seconds: p50Seconds * ROUGHLY };
  }
  const lease = leaseId === null ? undefined : image.cluster.pool(task.request.pool).leases.get(leaseId);
  return remaining(lease ?? { ...forecast, p50Seconds: Math.max(forecast.p50Seconds, 1e-3) }, ranSeconds);
};
