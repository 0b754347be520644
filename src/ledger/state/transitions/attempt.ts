import type { TaskRow } from '../../rows/index.js';
import { attemptId } from '../planner-view.js';

/** The states in which an attempt is not over. */
export const isLive = ({ state }: TaskRow): boolean =>
  state === 'waiting' || state === 'running' || state === 'revoked';

/** The attempt's id in the planner's snapshot. */
export const idOfTask = ({ runId, taskKey, attempt }: TaskRow): string => attemptId(runId, taskKey, attempt);

/** What an event says of whom it is about. */
export const named = ({ runId, taskKey, attempt, nodeId }: TaskRow) => ({ runId, taskKey, attempt, nodeId });
