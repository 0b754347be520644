import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  scheduleActivity,
} from '@temporalio/workflow';
import type { TaskActivityInput, TaskActivityResult } from '../../src/domain/task-activity.js';

/** One task on its queue, as the pipeline workflow schedules it; its result, however it ended. */
export const oneTask = async (input: TaskActivityInput): Promise<TaskActivityResult> => {
  try {
    return await scheduleActivity<TaskActivityResult>(input.run.kind, [input], {
      taskQueue: input.lease.taskQueue,
      startToCloseTimeout: '5m',
      heartbeatTimeout: '15s',
      retry: { maximumAttempts: 1 },
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : error;
    if (cause instanceof ApplicationFailure || cause instanceof CancelledFailure) {
      return cause.details?.[0] as TaskActivityResult;
    }
    throw error;
  }
};
