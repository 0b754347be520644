import { randomUUID } from 'node:crypto';
import type { Fault } from './fault.js';
import { onSomeRun } from './victim.js';

/** EventType of Temporal's API for a workflow task that was completed: only there a workflow can be reset. */
const WORKFLOW_TASK_COMPLETED = 7;

/** A workflow reset in Temporal to some earlier point: it runs from there once more, and what it held since is not its own. */
export const resetRun: Fault = {
  kind: 'run-reset',
  lane: 'work',
  inject: (scene) =>
    onSomeRun(scene, 'a run to reset', async ({ id, work }) => {
      if (work.document.name === 'large') throw new Error('its children would have to be reset as well');
      const { client } = scene.world;
      const { events } = await client.workflow.getHandle(id).fetchHistory();
      const points = (events ?? []).filter(({ eventType }) => eventType === WORKFLOW_TASK_COMPLETED);
      const point = Number(scene.chance.pick(points).eventId);
      await client.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: id },
        reason: 'a fault',
        requestId: randomUUID(),
        workflowTaskFinishEventId: point as never,
      });
      return `${id} reset to event ${point} of ${events?.length}`;
    }),
};
