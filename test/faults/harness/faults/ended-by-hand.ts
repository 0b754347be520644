import type { Fault, Scene } from './fault.js';
import { onSomeRun } from './victim.js';

const byHand = (kind: string, act: 'terminate' | 'cancel'): Fault => ({
  kind,
  lane: 'work',
  inject: (scene: Scene) =>
    onSomeRun(scene, `a run to ${act}`, async (run) => {
      run.ended = true;
      try {
        await scene.world.client.workflow.getHandle(run.id)[act]();
      } catch (error) {
        run.ended = false;
        throw error;
      }
      return `${act} ${run.id}`;
    }),
});

/** A workflow terminated in Temporal: it never hears of it. */
export const terminatedRun = byHand('run-terminated', 'terminate');
/** A workflow cancelled in Temporal. */
export const cancelledRun = byHand('run-cancelled', 'cancel');
