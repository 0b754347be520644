import type { RunDetail } from '../../../src/api/client/index.js';
import { until } from '../../../src/embedded/until.js';
import { budgetBroken } from './checks/budget.js';
import { seenByTasks } from './checks/by-tasks.js';
import { endedWell } from './checks/ended-well.js';
import { leasesLeft, processesLeft } from './checks/leftovers.js';
import { readNotes } from './checks/notes.js';
import { ranTwice } from './checks/ran-twice.js';
import { keepRecords } from './records.js';
import type { World } from './system/world.js';
import type { Accepted, Stream } from './workload/stream.js';

/** What was found once all was quiet again. */
export interface Aftermath {
  readonly tasks: number;
  readonly violations: readonly string[];
}

/** Far more than the longest run needs on a slow machine, once nothing disturbs it any more. */
const ENDED_WITHIN_MS = 240_000;
const FREE_WITHIN_MS = 60_000;

/** Waits for every run's end, and checks what must be true then. */
export const takeStock = async (world: World, stream: Stream): Promise<Aftermath> => {
  const accepted = [...stream.accepted.values()];
  const unended = await whileAnyIsLeft(ENDED_WITHIN_MS, () => stillRunning(world));
  world.say('all runs have ended, or never will');
  await keepRecords(world, unended.length > 0);
  const details = await Promise.all(accepted.map(({ id }) => detailOf(world, id)));
  const leases = await whileAnyIsLeft(FREE_WITHIN_MS, () => leasesLeft(world));
  const processes = await whileAnyIsLeft(FREE_WITHIN_MS, async () => processesLeft(world));
  const notes = readNotes(world.folder);
  return {
    tasks: details.reduce((sum, { tasks }) => sum + tasks.length, 0),
    violations: [
      ...unended,
      ...lostRuns(accepted, details),
      ...accepted.flatMap((run, index) => endedWell(run, details[index] as RunDetail)),
      ...seenByTasks(notes),
      ...(await ranTwice(
        world,
        accepted.map(({ id }) => id),
        notes,
      )),
      ...(await budgetBroken(world)),
      ...leases,
      ...processes,
    ],
  };
};

/** What is left in the end, of what should go away in time. */
const whileAnyIsLeft = async (
  withinMs: number,
  look: () => Promise<readonly string[]>,
): Promise<readonly string[]> => {
  let left: readonly string[] = [];
  await until('nothing to be left', withinMs, async () => {
    left = await look();
    if (left.length > 0) throw new Error(left[0]);
  }).catch((error) => {
    if (left.length === 0) throw error;
  });
  return left;
};

const stillRunning = async ({ api }: World): Promise<string[]> => {
  const { runs } = await api.listRuns({ status: 'running', limit: 200 });
  return runs.map(({ id, pipeline }) => `${id} (${pipeline}) does not end`);
};

const detailOf = ({ api }: World, id: string): Promise<RunDetail> =>
  until(`the run ${id}`, FREE_WITHIN_MS, () => api.getRun(id));

const lostRuns = (accepted: readonly Accepted[], details: readonly RunDetail[]): string[] =>
  accepted.filter(({ id }, index) => details[index]?.id !== id).map(({ id }) => `${id} is lost`);
