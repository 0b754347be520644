import { Context } from '@temporalio/activity';
import type { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type AdvanceRequest, runId, type TaskActivityInput } from '../../src/domain/index.js';
import { fence } from '../../workers/fencing.js';
import { testNamespace } from '../support/temporal.js';
import { aDeferral, aGrant, type PipelineHandle, type Rig, startRig, untilCancelled } from './rig.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(await testNamespace());
});
afterAll(() => rig?.stop());
beforeEach(() => {
  rig.turns.length = 0;
  rig.attempts.length = 0;
  rig.answer = ({ ready }) => ready.map((task) => aGrant(task));
  rig.work = async () => ({});
});

const keys = (attempts: readonly TaskActivityInput[]) => attempts.map(({ taskKey }) => taskKey as string);
const attemptsOf = ({ workflowId }: PipelineHandle) =>
  rig.attempts.filter(({ runId }) => runId === workflowId);
const turnsOf = ({ workflowId }: PipelineHandle) =>
  rig.turns.filter((turn) => turn.workflowId === workflowId);
const until = (holds: () => unknown) =>
  vi.waitFor(async () => expect(await holds()).toBeTruthy(), { timeout: 20_000, interval: 20 });
const failureOf = (handle: PipelineHandle) =>
  handle.result().then(
    () => null,
    (error: WorkflowFailedError) => error.cause,
  );

describe('a turn', () => {
  test('tells what ended and what is ready at once, and the run its end in the last', async () => {
    const handle = await rig.start({ a: {}, b: { needs: ['a'] } });
    await handle.result();
    const told = turnsOf(handle).map(({ ended, ready, end }) => ({
      ended: ended.map(({ taskKey, outcome }) => `${taskKey} ${outcome}`),
      ready: ready.map(({ taskKey }) => taskKey as string),
      end: end?.status,
    }));
    expect(told).toEqual([
      { ended: [], ready: ['a'], end: undefined },
      { ended: ['a succeeded'], ready: ['b'], end: undefined },
      { ended: ['b succeeded'], ready: [], end: 'succeeded' },
    ]);
  });

  test('is asked again after a pause while the ledger does not answer, and the run still hears its signals', async () => {
    let isDown = true;
    rig.answer = ({ ready }) => {
      if (isDown) throw new Error('the database is away');
      return ready.map((task) => aGrant(task));
    };
    const handle = await rig.start({ a: {} });
    await until(() => turnsOf(handle).length >= 1);
    await handle.signal('setPriority', { priorityClass: 'high', reason: 'test' });
    await vi.waitFor(async () =>
      expect(await handle.query('state')).toMatchObject({ priorityClass: 'high' }),
    );
    isDown = false;
    await handle.result();
    expect(turnsOf(handle).at(-1)).toMatchObject({ priorityClass: 'high', end: { status: 'succeeded' } });
    expect(keys(attemptsOf(handle))).toEqual(['a']);
  });

  test('ends the execution that another one has overtaken', async () => {
    rig.answer = () => {
      throw ApplicationFailure.nonRetryable('a newer execution has taken over', 'stale-execution');
    };
    const handle = await rig.start({ a: {} });
    expect(await failureOf(handle)).toMatchObject({ message: 'a newer execution has taken over' });
    expect(attemptsOf(handle)).toEqual([]);
  });
});

describe('an order', () => {
  test('that was given earlier, and comes later than another about the same, changes nothing', async () => {
    rig.answer = ({ ready }) => ready.map(aDeferral);
    const handle = await rig.start({ a: {} });
    const state = () => handle.query('state');
    await handle.signal('resume', { reason: 'the second word', number: 2 });
    await handle.signal('setPriority', { priorityClass: 'low', reason: 'another matter', number: 3 });
    await handle.signal('pause', { reason: 'the first word', number: 1 });
    await handle.signal('setPriority', { priorityClass: 'batch', reason: 'by hand, in Temporal' });
    await vi.waitFor(async () =>
      expect(await state()).toMatchObject({ paused: false, priorityClass: 'batch' }),
    );
    await handle.signal('cancel', { reason: 'the test is over' });
    await failureOf(handle);
  });

  test('that comes while the run asks is said with the next turn, not when the timer asks again', async () => {
    // Past 8 seconds Temporal renews the workflow task, and brings signals while the answer is still awaited.
    const signalled = { whileAsking: false };
    rig.answer = async ({ ready, paused }) => {
      const [task] = ready;
      if (task === undefined || paused) return [];
      const began = performance.now();
      const late = (ms: number) =>
        vi.waitFor(() => expect(performance.now() - began).toBeGreaterThan(ms), 10_000);
      if (task.taskKey === 'a') await late(4_500);
      else {
        await handle.signal('pause', { reason: 'the data is wrong', number: 1 });
        await late(4_500);
        signalled.whileAsking = true;
      }
      const { taskKey, attempt } = task;
      if (taskKey === 'b') return [aDeferral(task)];
      return [{ kind: 'reused', taskKey, attempt, revision: 1, outputs: {}, fromRunId: runId('earlier') }];
    };
    const handle = await rig.start({ a: {}, b: { needs: ['a'] } });
    await until(() => signalled.whileAsking);
    await until(() => turnsOf(handle).some(({ paused }) => paused));
    await handle.signal('cancel', { reason: 'the test is over' });
    await failureOf(handle);
  }, 60_000);
});

describe('a waiting task', () => {
  test('starts at its grant, however often and late the signal comes', async () => {
    rig.answer = ({ ready }) => ready.map(aDeferral);
    const handle = await rig.start({ a: {} });
    await vi.waitFor(async () => expect(await handle.query('state')).toMatchObject({ phase: 'waiting' }));
    const grant = aGrant({ taskKey: 'a' as never, attempt: 1 }, 2);
    await handle.signal('grant', grant);
    await handle.signal('grant', grant);
    await handle.result();
    expect(attemptsOf(handle).map(({ lease }) => lease.id)).toEqual([grant.lease.id]);
  });

  test('has a durable timer that asks again at its ETA, and after half a minute where that is sooner or unknown', async () => {
    const inSeconds = async (etaSeconds: number | null): Promise<number> => {
      rig.answer = ({ ready }) =>
        ready.map((task) => ({
          ...aDeferral(task),
          etaP50Ms: etaSeconds === null ? null : Date.now() + etaSeconds * 1_000,
        }));
      const handle = await rig.start({ a: {} });
      const timer = async () =>
        (await handle.fetchHistory()).events?.find((event) => event.timerStartedEventAttributes);
      await until(timer);
      await handle.terminate();
      return Number((await timer())?.timerStartedEventAttributes?.startToFireTimeout?.seconds);
    };
    expect(await inSeconds(null)).toBe(30);
    expect(await inSeconds(5)).toBe(30);
    expect(await inSeconds(600)).toBeGreaterThan(500);
    expect(await inSeconds(600)).toBeLessThanOrEqual(600);
    expect(await inSeconds(1_000_000), 'a clock may have jumped').toBe(3_600);
  });

  test('gives a lease back that comes after the run was cancelled', async () => {
    rig.answer = ({ ready, ended }) => (ended.length > 0 ? [] : ready.map(aDeferral));
    rig.work = () => untilCancelled();
    const handle = await rig.start({ a: {}, b: {} });
    await until(() => turnsOf(handle).length > 0);
    await handle.signal('grant', aGrant({ taskKey: 'b' as never, attempt: 1 }, 2));
    await until(() => attemptsOf(handle).length > 0);
    await handle.signal('cancel', { reason: 'enough' });
    const late = aGrant({ taskKey: 'a' as never, attempt: 1 }, 2);
    await handle.signal('grant', late);
    expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
    const told = turnsOf(handle);
    expect(told.flatMap(({ withdrawn }) => withdrawn)).toEqual([{ taskKey: 'a', attempt: 1 }]);
    expect(told.flatMap(({ ended }) => ended)).toContainEqual(
      expect.objectContaining({ leaseId: late.lease.id, outcome: 'cancelled', processEnded: true }),
    );
  });
});

describe('a running task', () => {
  test('that is preempted starts again from its checkpoint, and that is no failure', async () => {
    const checkpoint = { uri: 'workspace://c', bytes: 1, sha256: 'x' };
    rig.work = ({ attempt }) => (attempt === 1 ? untilCancelled({ checkpoint }) : Promise.resolve({}));
    const handle = await rig.start({ a: {} });
    await until(() => attemptsOf(handle).length === 1);
    const [first] = attemptsOf(handle) as [TaskActivityInput];
    const lease = { leaseId: first.lease.id, fencing: first.lease.fencing, reason: 'an urgent run' };
    await handle.signal('preempt', { ...lease, fencing: lease.fencing - 1 });
    await handle.signal('preempt', lease);
    await handle.signal('preempt', lease);
    await handle.result();
    expect(attemptsOf(handle).map(({ attempt, checkpoint: from }) => [attempt, from])).toEqual([
      [1, null],
      [2, checkpoint],
    ]);
    expect(turnsOf(handle).flatMap(({ ended }) => ended.map(({ outcome }) => outcome))).toEqual([
      'preempted',
      'succeeded',
    ]);
  });

  /** Takes the lease of the only attempt back, as the ledger's outbox says it. */
  const revokeThe = async (handle: PipelineHandle, attempt: TaskActivityInput) => {
    const { taskKey } = attempt;
    const why = 'its node was lost';
    const revoked = {
      kind: 'revoked',
      taskKey,
      attempt: 1,
      revision: 9,
      why,
      leaseId: attempt.lease.id,
    } as const;
    await handle.signal('revoke', revoked);
    return revoked;
  };

  test('whose lease is revoked starts again at once, elsewhere, from its last checkpoint, without waiting for its worker', async () => {
    let letGo = () => {};
    const deaf = new Promise<object>((resolve) => {
      letGo = () => resolve({});
    });
    const checkpoint = { uri: 'workspace://c', bytes: 1, sha256: 'x' };
    rig.work = async ({ attempt }) => {
      if (attempt === 1) Context.current().heartbeat({ progress: 0.5, checkpoint });
      return attempt === 1 ? deaf : {};
    };
    const handle = await rig.start({ a: {} });
    await until(() => attemptsOf(handle).length === 1);
    await until(async () => (await handle.describe()).raw.pendingActivities?.[0]?.heartbeatDetails);
    const revoked = await revokeThe(handle, attemptsOf(handle)[0] as TaskActivityInput);
    await fence(rig.client, handle.workflowId, revoked);
    await handle.result();
    letGo();
    expect(attemptsOf(handle).map((attempt) => attempt.checkpoint)).toEqual([null, checkpoint]);
    const [lost] = turnsOf(handle).flatMap(({ ended }) => ended);
    expect(lost).toMatchObject({
      outcome: 'lost',
      processEnded: false,
      error: { message: 'its node was lost' },
    });
  });

  test('that is on record as completed is not done again, though its lease was revoked before the run saw that', async () => {
    let letGo = () => {};
    const done = new Promise<object>((resolve) => {
      letGo = () => resolve({ outputs: { x: 1 } });
    });
    rig.work = async () => done;
    const handle = await rig.start({ a: {} });
    await until(() => attemptsOf(handle).length === 1);
    const revoked = await revokeThe(handle, attemptsOf(handle)[0] as TaskActivityInput);
    letGo();
    await handle.result();
    await fence(rig.client, handle.workflowId, revoked);
    expect(attemptsOf(handle)).toHaveLength(1);
    const [end] = turnsOf(handle).flatMap(({ ended }) => ended);
    expect(end).toMatchObject({ outcome: 'succeeded', outputs: { x: 1 }, processEnded: true });
  });

  test('of which the run never heard, since its lease was gone before the answer came, is asked for again', async () => {
    const [leaseId, fencing] = ['lease-lost' as never, 7];
    const gone = {
      kind: 'revoked',
      taskKey: 'a' as never,
      revision: 3,
      why: 'its node started anew',
    } as const;
    let answers = false;
    rig.answer = ({ ready }) => {
      if (!answers) throw new Error('the answer is lost');
      return ready.map((task) =>
        task.attempt === 1 ? { ...gone, attempt: 1, leaseId, fencing } : aGrant(task),
      );
    };
    const handle = await rig.start({ a: {} });
    await until(() => turnsOf(handle).length === 1);
    await handle.signal('revoke', { ...gone, attempt: 1, leaseId, fencing });
    answers = true;
    await handle.result();
    expect(attemptsOf(handle).map(({ attempt }) => attempt)).toEqual([2]);
    expect(turnsOf(handle).flatMap(({ ended }) => ended)).toContainEqual(
      expect.objectContaining({ leaseId, fencing, attempt: 1, outcome: 'lost', processEnded: false }),
    );
  });

  test('is asked to end when the workflow is cancelled in Temporal, and completed tasks are undone', async () => {
    rig.work = ({ taskKey }) => (taskKey === 'b' ? untilCancelled() : Promise.resolve({}));
    const handle = await rig.start({
      a: { onFailure: { compensate: 'undo' } },
      b: { needs: ['a'] },
      undo: {},
    });
    await until(() => attemptsOf(handle).length === 2);
    await handle.cancel();
    expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
    expect(keys(attemptsOf(handle))).toEqual(['a', 'b', 'undo']);
    expect(turnsOf(handle).at(-1)?.end).toMatchObject({ status: 'cancelled' });
  });

  test('that undoes another one is tried again when it is preempted, though the run was cancelled', async () => {
    rig.work = ({ taskKey, attempt }) =>
      taskKey === 'b' || (taskKey === 'undo' && attempt === 1) ? untilCancelled() : Promise.resolve({});
    const handle = await rig.start({
      a: { onFailure: { compensate: 'undo' } },
      b: { needs: ['a'] },
      undo: {},
    });
    await until(() => attemptsOf(handle).length === 2);
    await handle.signal('cancel', { reason: 'no need' });
    await until(() => attemptsOf(handle).length === 3);
    const { lease } = attemptsOf(handle)[2] as TaskActivityInput;
    await handle.signal('preempt', { leaseId: lease.id, fencing: lease.fencing, reason: 'an urgent run' });
    expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
    expect(keys(attemptsOf(handle))).toEqual(['a', 'b', 'undo', 'undo']);
  });
});

describe('people', () => {
  test('pause a run and let it go on: updates answer with the state', async () => {
    const free: (() => void)[] = [];
    rig.work = () => new Promise((resolve) => free.push(() => resolve({})));
    rig.answer = ({ ready, paused }) => ready.map((task) => (paused ? aDeferral(task) : aGrant(task)));
    const handle = await rig.start({ a: {}, b: { needs: ['a'] } });
    await until(() => free.length === 1);
    const paused = await handle.executeUpdate('pause', { args: [{ reason: 'maintenance' }] });
    expect(paused).toMatchObject({ paused: true, phase: 'paused' });
    free[0]?.();
    await until(() => turnsOf(handle).some(({ ended, paused: said }) => said && ended.length === 1));
    await handle.executeUpdate('resume', { args: [{ reason: 'done' }] });
    await until(() => turnsOf(handle).at(-1)?.paused === false);
    expect(keys(attemptsOf(handle))).toEqual(['a']);
    await handle.signal('grant', aGrant({ taskKey: 'b' as never, attempt: 1 }, 2));
    await until(() => free.length === 2);
    free[1]?.();
    await handle.result();
    expect(keys(attemptsOf(handle))).toEqual(['a', 'b']);
  });

  test('read the run in Temporal: phase, summary and a table of its tasks', async () => {
    rig.answer = ({ ready }) => ready.map(aDeferral);
    const handle = await rig.start({ a: {} });
    const details = async () =>
      ((await handle.query('__temporal_workflow_metadata')) as { currentDetails: string }).currentDetails;
    await vi.waitFor(async () => {
      expect(await details()).toContain('| a | waiting |  | the slot is taken |');
    });
    await handle.signal('grant', aGrant({ taskKey: 'a' as never, attempt: 1 }, 2));
    await handle.result();
    expect(await details(), 'a run that is over is replayed to tell').toContain('| a | succeeded |');
    const { events } = await handle.fetchHistory();
    const scheduled = events?.find((event) => event.activityTaskScheduledEventAttributes);
    expect(Buffer.from(scheduled?.userMetadata?.summary?.data ?? []).toString()).toBe(
      '"a on io, did not wait"',
    );
  });
});

describe('large runs', () => {
  /** Thirty layers: 99 tasks side by side, then one that needs them all. */
  const layers = Object.fromEntries(
    Array.from({ length: 30 }, (_, layer) => layer).flatMap((layer) => {
      const needs = layer === 0 ? [] : [`join${layer - 1}`];
      const names = Array.from({ length: 99 }, (_, i) => `t${layer}x${i}`);
      return [
        ...names.map((name) => [name, { needs }] as const),
        [`join${layer}`, { needs: names }] as const,
      ];
    }),
  );

  test('3,000 tasks each run once, over several executions of the workflow', async () => {
    const handle = await rig.start(layers);
    const { tasks } = await handle.result();
    expect(tasks).toBe(3_000);
    expect(new Set(keys(attemptsOf(handle))).size).toBe(3_000);
    expect(attemptsOf(handle)).toHaveLength(3_000);
    const executions = new Map(turnsOf(handle).map((turn) => [turn.executionId, turn.continuesExecutionId]));
    expect(executions.size).toBeGreaterThan(1);
    expect([...executions.values()].slice(1)).toEqual([...executions.keys()].slice(0, -1));
  });

  test('past its history limit a run asks for nothing until all that runs has ended, then continues as new', async () => {
    const free: (() => void)[] = [];
    rig.work = ({ taskKey }) =>
      taskKey === 'slow' ? new Promise((resolve) => free.push(() => resolve({}))) : Promise.resolve({});
    const chain = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`c${i}`, i === 0 ? {} : { needs: [`c${i - 1}`] }]),
    );
    const handle = await rig.start({ slow: {}, ...chain }, { historyLimits: { events: 100, bytes: 1e9 } });
    await until(() => turnsOf(handle).some(({ paused }) => paused));
    const before = attemptsOf(handle).length;
    expect(before).toBeLessThan(30);
    free[0]?.();
    await handle.result();
    expect(attemptsOf(handle)).toHaveLength(31);
    const [first, second] = [...new Set(turnsOf(handle).map(({ executionId }) => executionId))];
    expect(turnsOf(handle).find(({ executionId }) => executionId === second)?.continuesExecutionId).toBe(
      first,
    );
  });

  test('a large fan-out of a paused run waits as its children do', async () => {
    rig.answer = ({ ready, paused }) => ready.map((task) => (paused ? aDeferral(task) : aGrant(task)));
    const free: (() => void)[] = [];
    rig.work = () => new Promise((resolve) => free.push(() => resolve({})));
    const handle = await rig.start({ a: {}, fan: { needs: ['a'], forEach: '${{ range(401) }}' } });
    await until(() => free.length === 1);
    await handle.executeUpdate('pause', { args: [{ reason: 'maintenance' }] });
    free[0]?.();
    const ofChildren = () =>
      rig.turns.filter(({ workflowId }) => workflowId.startsWith(`${handle.workflowId}/`));
    await until(() => new Set(ofChildren().map(({ workflowId }) => workflowId)).size === 3);
    expect(ofChildren().every(({ paused }) => paused)).toBe(true);
    expect(keys(attemptsOf(handle))).toEqual(['a']);
    await handle.signal('cancel', { reason: 'no need' });
    expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
  });

  test('a cancel that comes while its children start reaches them', async () => {
    rig.answer = ({ ready }) => ready.map(aDeferral);
    const handle = await rig.start({ fan: { forEach: '${{ range(401) }}' } });
    await handle.signal('cancel', { reason: 'no need' });
    expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
    expect(attemptsOf(handle)).toEqual([]);
  });

  test('much text for many tasks goes in several messages, none larger than the server takes', async () => {
    const params = { text: 'x'.repeat(60_000) };
    const run = { function: 'noop', input: '${{ params.text }}' };
    const handle = await rig.start({ fan: { forEach: '${{ range(100) }}', run } }, { params });
    await handle.result();
    expect(attemptsOf(handle)).toHaveLength(100);
  });

  test('a large document with many children goes in several messages', async () => {
    const params = { items: Array.from({ length: 1_001 }, (_, i) => `${i}${'x'.repeat(900)}`) };
    const handle = await rig.start({ fan: { forEach: '${{ params.items }}' } }, { params });
    await handle.result();
    expect(attemptsOf(handle)).toHaveLength(1_001);
  });

  test('a fan-out over 450 items runs as three children, and its outputs come back in order', async () => {
    rig.work = async ({ run }) => ({ outputs: { n: run.kind === 'function' ? (run.input as number) : 0 } });
    const handle = await rig.start({
      each: {
        forEach: Array.from({ length: 450 }, (_, i) => i),
        run: { function: 'noop', input: '${{ item }}' },
      },
      last: {
        needs: ['each'],
        run: { function: 'noop', input: '${{ size(tasks.each.outputs.n) + tasks.each.outputs.n[449] }}' },
      },
    });
    const { outputs } = await handle.result();
    expect(outputs).toEqual({ last: { n: 899 } });
    const asking = new Set(
      rig.turns
        .filter(({ runId }) => runId === handle.workflowId)
        .map((turn: AdvanceRequest) => turn.workflowId),
    );
    expect([...asking].sort()).toEqual(
      ['', '/each/0', '/each/200', '/each/400'].map((part) => handle.workflowId + part),
    );
  });
});
