import { expect, it } from 'vitest';
import { aRequest, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases } from './contract.js';

onBothDatabases('An execution of a run', (freshStore) => {
  const begin = async () => {
    const ledger = await (await freshStore()).open();
    const node = await TestNode.register(ledger, 'gpu-1');
    return { ledger, node, run: await TestRun.create(ledger) };
  };

  it('that is unknown and continues nothing opens an epoch, which fences what the older one held', async () => {
    const { ledger, run } = await begin();
    const grant = await run.start('a', { request: aRequest({ devices: 2 }) });
    const { id, fencing } = grant.lease;
    run.executionId = 'after-the-reset';
    const { verdicts } = await run.turn({ held: [{ leaseId: id, fencing }] });
    expect(verdicts).toMatchObject([{ kind: 'revoked', taskKey: 'a', revision: grant.revision + 1 }]);
    expect((await ledger.listNodes())[0]?.used.devices, 'its process may still live').toBe(2);
    expect(await run.ask('a')).toMatchObject({ kind: 'deferred', revision: grant.revision + 2 });
  });

  it('gets its grants under its name, by answer as by signal, so that no other can use them', async () => {
    const { ledger, run } = await begin();
    const grant = await run.start('a', { request: aRequest({ devices: 2 }) });
    expect(grant.lease.executionId).toBe('execution-1');
    await run.ask('b');
    run.executionId = 'execution-2';
    await run.turn({ continuesExecutionId: 'execution-1', ended: [theEndOf(grant)] });
    const [signal] = (await ledger.claimOutbox(10)).filter((item) => item.kind === 'signal');
    expect(signal).toMatchObject({ name: 'grant', payload: { lease: { executionId: 'execution-2' } } });
  });

  it('that was replaced gets stale-execution and changes nothing', async () => {
    const { ledger, run } = await begin();
    const grant = await run.start('a');
    run.executionId = 'newer';
    await run.turn();
    run.executionId = 'execution-1';
    await expect(run.turn({ ended: [theEndOf(grant)] })).rejects.toMatchObject({ code: 'stale-execution' });
    expect((await ledger.getRun(run.id))?.tasks[0]?.state).toBe('revoked');
  });

  it('that continues the newest one keeps its leases and its waiting tasks', async () => {
    const { run } = await begin();
    const grant = await run.start('a', { request: aRequest({ devices: 2 }) });
    await run.ask('b');
    run.executionId = 'execution-2';
    const answer = await run.turn({
      continuesExecutionId: 'execution-1',
      ended: [theEndOf(grant)],
      askAgain: true,
    });
    expect(answer.verdicts).toMatchObject([{ kind: 'granted', taskKey: 'b' }]);
  });

  it('that continues one that was reset is as stale as that one', async () => {
    const { run } = await begin();
    await run.turn();
    run.executionId = 'the-reset';
    await run.turn();
    run.executionId = 'execution-2';
    await expect(run.turn({ continuesExecutionId: 'execution-1' })).rejects.toMatchObject({
      code: 'stale-execution',
    });
  });

  it('opens its run again when it was reset after the end', async () => {
    const { ledger, run } = await begin();
    await run.turn({ end: { status: 'succeeded' } });
    run.executionId = 'the-reset';
    expect(await run.ask('a')).toMatchObject({ kind: 'granted' });
    expect(await ledger.getRun(run.id)).toMatchObject({ status: 'running', endedAtMs: null });
  });

  it('of a child workflow has epochs of its own', async () => {
    const { ledger, run } = await begin();
    const parent = await run.start('a');
    const child = new TestRun(ledger, run.spec);
    child.workflowId = `${run.id}-part-1`;
    await child.start('b[0]');
    child.executionId = 'the-reset-of-the-child';
    await child.turn();
    expect(await run.ask('a')).toEqual(parent);
    expect((await ledger.openRuns())[0]?.workflows.map(({ workflowId }) => workflowId)).toEqual([
      run.id,
      child.workflowId,
    ]);
    await ledger.closeWorkflow(run.id, child.workflowId);
    expect((await ledger.openRuns())[0]?.workflows).toHaveLength(1);
  });
});
