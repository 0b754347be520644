import type { WorkflowHandle } from '@temporalio/client';
import { until } from '../../src/embedded/until.js';
import { aDeferral, aGrant, type PipelineHandle, type Rig, untilCancelled } from '../workflows/rig.js';

type Scenario = (rig: Rig) => Promise<readonly WorkflowHandle[]>;

const failing = { outcome: 'failed', error: { code: 'exit-1', message: 'exit 1' } } as const;
const seen = (what: string, holds: () => boolean): Promise<void> =>
  until(what, 20_000, async () => {
    if (!holds()) throw new Error('not yet');
  });
const ended = (handle: PipelineHandle): Promise<unknown> => handle.result().catch(() => {});
const grantAll: Rig['answer'] = ({ ready }) => ready.map((task) => aGrant(task));

/** What a run may go through, each played on a real server; every one leaves its histories, oldest execution first. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'fan-out-and-condition': async (rig) => {
    rig.answer = grantAll;
    rig.work = async () => ({ outputs: { n: 1 } });
    const handle = await rig.start({
      list: {},
      each: { needs: ['list'], forEach: [1, 2, 3], run: { function: 'noop', input: '${{ item }}' } },
      never: { needs: ['list'], when: 'tasks.list.outputs.n > 1' },
      last: { needs: ['each', 'never'] },
    });
    await ended(handle);
    return [handle];
  },

  'retry-then-fallback': async (rig) => {
    rig.answer = grantAll;
    rig.work = async ({ taskKey }) => (taskKey === 'a' ? failing : {});
    const retry = { attempts: 2, initialDelay: '100ms' };
    const handle = await rig.start({
      a: { retry, onFailure: { fallback: 'b' } },
      b: {},
      c: { needs: ['a'] },
    });
    await ended(handle);
    return [handle];
  },

  'failure-and-compensation': async (rig) => {
    rig.answer = grantAll;
    rig.work = async ({ taskKey }) => (taskKey === 'b' ? failing : {});
    const handle = await rig.start({
      a: { onFailure: { compensate: 'undo' } },
      b: { needs: ['a'] },
      undo: {},
    });
    await ended(handle);
    return [handle];
  },

  'wait-grant-preempt': async (rig) => {
    rig.answer = ({ ready }) => ready.map((task) => (task.attempt === 1 ? aDeferral(task) : aGrant(task)));
    rig.work = ({ attempt }) => (attempt === 1 ? untilCancelled() : Promise.resolve({}));
    const handle = await rig.start({ a: {} });
    await seen('the first turn', () => rig.turns.length > 0);
    const grant = aGrant({ taskKey: 'a' as never, attempt: 1 }, 2);
    await handle.signal('grant', grant);
    await seen('the attempt', () => rig.attempts.length > 0);
    await handle.signal('preempt', {
      leaseId: grant.lease.id,
      fencing: grant.lease.fencing,
      reason: 'urgent',
    });
    await ended(handle);
    return [handle];
  },

  'pause-priority-revoke-cancel': async (rig) => {
    rig.answer = grantAll;
    rig.work = () => untilCancelled();
    const handle = await rig.start({ a: {}, b: {} });
    await seen('two attempts', () => rig.attempts.length === 2);
    await handle.executeUpdate('pause', { args: [{ reason: 'maintenance' }] });
    await handle.signal('setPriority', { priorityClass: 'high', reason: 'asked' });
    await handle.signal('revoke', {
      kind: 'revoked',
      taskKey: 'a',
      attempt: 1,
      revision: 9,
      why: 'node lost',
    });
    await handle.executeUpdate('resume', { args: [{ reason: 'done' }] });
    await handle.cancel();
    await ended(handle);
    return [handle];
  },

  'continue-as-new': async (rig) => {
    rig.answer = grantAll;
    rig.work = async () => ({});
    const chain = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`c${i}`, i === 0 ? {} : { needs: [`c${i - 1}`] }]),
    );
    const handle = await rig.start(chain, { historyLimits: { events: 50, bytes: 1e9 } });
    await ended(handle);
    const ids = [...new Set(rig.turns.map(({ executionId }) => executionId))];
    return ids.map((id) => rig.client.workflow.getHandle(handle.workflowId, id));
  },

  'large-fan-out': async (rig) => {
    rig.answer = grantAll;
    rig.work = async () => ({});
    const handle = await rig.start({ each: { forEach: Array.from({ length: 201 }, (_, i) => i) } });
    await ended(handle);
    return [handle, rig.client.workflow.getHandle(`${handle.workflowId}/each/200`)];
  },
};
