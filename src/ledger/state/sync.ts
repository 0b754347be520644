import type { Policy } from '../../planner/index.js';
import type { Database, HotState } from '../database/database.js';
import { readStoredPolicy } from '../queries/policies.js';
import { Image } from './image.js';

/**
 * A fresh image of all that is live, under the policy in force; before there is any, under the given one. Its virtual queues begin with the runs that are open: on all nodes that are known, for those
 * lost since have carried some of them, and what has started there must not count as waiting.
 */
export const loadImage = async (database: Database, first: Policy): Promise<Image> => {
  const live = await database.readLive();
  const { policyVersion } = live.head;
  const image = new Image(policyVersion === '' ? first : await readStoredPolicy(database, policyVersion));
  image.absorb(live);
  image.noteRuns(live.runs, image.registeredSizeOf);
  return image;
};

/** Brings an image up to date with what other processes have written. */
export const catchUp = async (database: Database, image: Image): Promise<void> => {
  const changed = await database.readSince(image.head.version);
  const open = changed.runs.filter(({ status }) => status === 'running').map(({ runId }) => runId);
  const unknown = open.filter((runId) => image.runs.get(runId) === undefined);
  const known = (row: { readonly runId: string }): boolean => image.runs.get(row.runId) !== undefined;
  image.absorb({
    ...changed,
    runs: changed.runs.filter(known),
    executions: changed.executions.filter(known),
    tasks: changed.tasks.filter(known),
  });
  if (unknown.length > 0) await loadRuns(database, image, unknown);
  image.noteRuns(changed.runs);
  image.evict(changed.runs.filter(({ status }) => status !== 'running').map(({ runId }) => runId));
};

/** Takes runs into the image with all their attempts, open or not. */
export const loadRuns = async (
  database: Database,
  image: Image,
  runIds: readonly string[],
): Promise<void> => {
  const state: HotState = await database.readRuns(runIds);
  // Read at a later instant, perhaps: the head stays, so that a commit on top of it is checked as before.
  image.absorb({ ...state, head: image.head });
};
