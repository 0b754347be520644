import { until } from '../../../../src/embedded/until.js';
import type { World } from '../system/world.js';
import { childrenIn, completionsIn, type HistoryEvent } from './history.js';
import type { Note } from './notes.js';

const WITHIN_MS = 60_000;

/** Attempts that began after Temporal had recorded that their task was completed. */
export const ranTwice = async (
  world: World,
  runs: readonly string[],
  notes: readonly Note[],
): Promise<string[]> => {
  const found: string[] = [];
  for (const run of runs) {
    const begun = notes.filter((note) => note.kind === 'start' && note.run === run);
    for (const { task, lease, atMs } of await completionsOf(world, run)) {
      const again = begun.find((note) => note.task === task && note.lease !== lease && note.atMs > atMs);
      if (again)
        found.push(
          `${run}/${task} was completed under ${lease} at ${new Date(atMs).toISOString()}, and began again under ${again.lease} at ${new Date(again.atMs).toISOString()}`,
        );
    }
  }
  return found;
};

const completionsOf = async (world: World, workflowId: string): Promise<ReturnType<typeof completionsIn>> => {
  const events = await until(`the history of ${workflowId}`, WITHIN_MS, () => historyOf(world, workflowId));
  const ofChildren = await Promise.all(childrenIn(events).map((child) => completionsOf(world, child)));
  return [...completionsIn(events), ...ofChildren.flat()];
};

const historyOf = async ({ client }: World, workflowId: string): Promise<readonly HistoryEvent[]> =>
  ((await client.workflow.getHandle(workflowId).fetchHistory()).events ?? []) as readonly HistoryEvent[];
