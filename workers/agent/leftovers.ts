import type { Logger } from 'pino';
import { endGroup, processes } from '../../activities/tasks/index.js';
import type { GroupRecord, NodeFolder } from './node-folder.js';

/** A process's start time is known to the second on some systems. */
const TOLERANCE_MS = 2000;

/**
 * Ends what an earlier worker of this node left running when it was killed, before the node is registered again. A group
 * whose first process started after the record is another's: the number was used again.
 */
export const endLeftovers = async (folder: NodeFolder, log: Logger): Promise<void> => {
  for (const record of folder.groups) {
    const group = (await isAnothers(record)) ? null : record.group;
    await endGroup(group, record.lease);
    folder.forget(record.lease);
    log.warn({ lease: record.lease, group: record.group }, 'Ended what an earlier worker left running');
  }
};

const isAnothers = async ({ group, launchedAtMs }: GroupRecord): Promise<boolean> => {
  const [first] = await processes((process) => process.pid === group);
  return first !== undefined && first.startedAtMs > launchedAtMs + TOLERANCE_MS;
};
