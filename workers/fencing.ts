import { ActivityNotFoundError, type Client, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { FENCED, type Revoked, type TaskHeartbeat } from '../src/domain/index.js';

/**
 * Ends the activity of a lease that was taken back, in Temporal: its worker may be gone, or cut off with its word still on the
 * way. Whichever Temporal hears first counts, so that what it has recorded as completed is not done again, and what it has
 * recorded as lost can no more be completed. One that no worker has begun yet is left to the workflow, which cancels it.
 */
export const fence = async (client: Client, workflowId: string, { leaseId, why }: Revoked): Promise<void> => {
  if (leaseId === undefined) return;
  try {
    const beat = await lastHeartbeat(client, workflowId, leaseId);
    const failure = ApplicationFailure.create({
      message: why,
      type: FENCED,
      nonRetryable: true,
      details: [beat],
    });
    await client.activity.fail({ workflowId, activityId: leaseId }, failure);
  } catch (error) {
    if (!(error instanceof ActivityNotFoundError || error instanceof WorkflowNotFoundError)) throw error;
  }
};

const lastHeartbeat = async (
  client: Client,
  workflowId: string,
  activityId: string,
): Promise<TaskHeartbeat | null> => {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const activity = raw.pendingActivities?.find((pending) => pending.activityId === activityId);
  const data = activity?.heartbeatDetails?.payloads?.[0]?.data;
  return data ? (JSON.parse(Buffer.from(data).toString('utf8')) as TaskHeartbeat) : null;
};
