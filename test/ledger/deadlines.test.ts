import pg from 'pg';
import { expect, it } from 'vitest';
import { pipelineSchema, runId } from '../../src/domain/index.js';
import type { Ledger } from '../../src/ledger/index.js';
import { sentenceOf } from '../../src/ledger/queries/sentences.js';
import type { EventRow } from '../../src/ledger/rows/index.js';
import type { Policy } from '../../src/planner/index.js';
import { aRequest, aSpec, claimAll, running, TestNode, TestRun, theEndOf } from './builders.js';
import { onBothDatabases, onPostgres, POLICY, type Store } from './contract.js';

const MINUTE = 60_000;
/** Estimates are taken for good ones: ten minutes are fifteen at the P90. */
const SURE: Policy = {
  ...POLICY,
  pools: { ...POLICY.pools, gpu: { ...POLICY.pools.gpu, prior: { p50Seconds: 100, p90Seconds: 150 } } },
};
const RAISING: Policy = { ...SURE, raise: { at: 'at-risk', to: 'high' } };

/** A run of two tasks in a row, of ten minutes each, with a deadline so many minutes from now. */
const inRow = ({ clocks }: Store, deadlineMinutes: number) =>
  aSpec('nightly', {
    pipeline: pipelineSchema.parse({
      apiVersion: 'signalbox/v1',
      name: 'nightly',
      tasks: {
        train: { pool: 'gpu', estimate: '10m', run: { function: 'train' } },
        report: { pool: 'gpu', estimate: '10m', needs: ['train'], run: { function: 'report' } },
      },
    }),
    deadlineAtMs: clocks.wallMs + deadlineMinutes * MINUTE,
  });

/** What an open run's deadline looks like now. */
const deadlineOf = async (ledger: Ledger, id: string) => (await ledger.getRun(runId(id)))?.outlook?.deadline;

/** All signals that wait to be sent to a run. */
const signalsTo = async (ledger: Ledger, id: string) =>
  (await claimAll(ledger)).flatMap((item) =>
    item.kind === 'signal' && item.workflowId === id ? [[item.name, item.payload]] : [],
  );

onBothDatabases('Deadlines', (freshStore) => {
  it('are judged at submission, with what could be done, and nothing is stored in a dry run', async () => {
    const store = await freshStore();
    const ledger = await store.open(SURE);
    await TestNode.register(ledger, 'gpu-1', {
      capacity: { devices: 1, cores: 8, memoryBytes: 0, slots: 4 },
    });
    const blocking = await TestRun.create(ledger);
    await blocking.start('train', { estimateSeconds: 1_800 });
    const spec = inRow(store, 30);
    const dry = await ledger.forecastRun(spec);
    expect(dry.deadline).toBe('infeasible');
    expect(dry.inTheWay.join()).toContain(`${blocking.id}/train`);
    expect(dry.offers[0]).toMatchObject({ change: { kind: 'none' }, words: 'as it stands' });
    expect(dry.offers[1]).toMatchObject({ change: { kind: 'deadline' }, deadline: 'feasible' });
    expect(await ledger.getRun(spec.runId)).toBeNull();
    expect((await ledger.createRun(spec)).forecast).toEqual(dry);
    expect(await ledger.getRun(spec.runId)).toMatchObject({ outlook: { deadline: 'infeasible' } });
  });

  it('that have passed are refused', async () => {
    const store = await freshStore();
    const ledger = await store.open(SURE);
    const late = inRow(store, -1);
    await expect(ledger.createRun(late)).rejects.toMatchObject({
      code: 'invalid-request',
      problems: [{ path: 'deadline' }],
    });
    await expect(ledger.forecastRun(late)).rejects.toThrow(/has passed/);
    expect(await ledger.getRun(late.runId)).toBeNull();
  });

  it('of runs that fall behind are at risk before it is too late, safe again when they catch up, then missed', async () => {
    const store = await freshStore();
    const ledger = await store.open(SURE);
    const node = await TestNode.register(ledger, 'gpu-1');
    const spec = inRow(store, 62);
    const run = new TestRun(ledger, spec);
    expect((await ledger.createRun(spec)).forecast.deadline).toBe('feasible');
    const train = await run.start('train', { estimateSeconds: 600 });
    await ledger.sweepNodes();
    expect(await deadlineOf(ledger, run.id)).toBe('feasible');

    // Ten minutes are over, and a fifth of the work is done: forty more, then the report.
    const startedAtMs = store.clocks.wallMs;
    store.clocks.wallMs += 10 * MINUTE;
    store.clocks.monotonicMs += 10 * MINUTE;
    await node.beat({ running: [running(train, { startedAtMs, progress: 0.2 })] });
    await ledger.sweepNodes();
    expect(await ledger.getRun(run.id)).toMatchObject({
      outlook: { deadline: 'at-risk', atMs: store.clocks.wallMs },
    });
    await node.beat({ running: [running(train, { startedAtMs, progress: 0.6 })] });
    await ledger.sweepNodes();
    expect(await deadlineOf(ledger, run.id)).toBe('feasible');

    store.clocks.wallMs = (spec.deadlineAtMs ?? 0) + 1;
    store.clocks.monotonicMs += 60 * MINUTE;
    await ledger.sweepNodes();
    expect(await deadlineOf(ledger, run.id)).toBe('missed');
  });

  it('that a person moves are judged anew', async () => {
    const store = await freshStore();
    const ledger = await store.open(SURE);
    await TestNode.register(ledger, 'gpu-1');
    const spec = inRow(store, 60);
    await ledger.createRun(spec);
    const run = new TestRun(ledger, spec);
    await run.turn({ deadlineAtMs: store.clocks.wallMs + 5 * MINUTE });
    await ledger.sweepNodes();
    expect(await deadlineOf(ledger, run.id)).toBe('infeasible');
    await run.turn({ deadlineAtMs: store.clocks.wallMs + 120 * MINUTE });
    await ledger.sweepNodes();
    expect(await deadlineOf(ledger, run.id)).toBe('feasible');
  });

  it('raise a run once, where the policy says so', async () => {
    const store = await freshStore();
    const ledger = await store.open(RAISING);
    await TestNode.register(ledger, 'gpu-1');
    const spec = inRow(store, 22);
    expect((await ledger.createRun(spec)).forecast.deadline).toBe('at-risk');
    await ledger.sweepNodes();
    await ledger.sweepNodes();
    expect(await signalsTo(ledger, spec.runId)).toEqual([
      [
        'setPriority',
        { priorityClass: 'high', reason: expect.stringContaining('at risk'), number: expect.any(Number) },
      ],
    ]);
    expect(await ledger.getRun(spec.runId)).toMatchObject({ outlook: { raisedTo: 'high' } });
  });

  it('of a run that is done are watched no more', async () => {
    const store = await freshStore();
    const ledger = await store.open(SURE);
    await TestNode.register(ledger, 'gpu-1');
    const spec = inRow(store, 60);
    await ledger.createRun(spec);
    const run = new TestRun(ledger, spec);
    const train = await run.start('train', { request: aRequest() });
    const { verdicts } = await run.turn({ ended: [theEndOf(train)], ready: [] });
    expect(verdicts).toEqual([]);
    await run.turn({ end: { status: 'succeeded' } });
    store.clocks.wallMs += 120 * MINUTE;
    await ledger.sweepNodes();
    expect(await deadlineOf(ledger, run.id)).toBe('feasible');
  });
});

/** What the log has of a run's deadline, as kinds and sentences. */
const toldOf = async (url: string, id: string): Promise<readonly (readonly [string, string])[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    `SELECT kind, at_ms::float8 AS "atMs", detail FROM events WHERE run_id = $1 AND kind LIKE 'deadline-%' ORDER BY number`,
    [id],
  );
  await client.end();
  return rows.map((row) => [row.kind, sentenceOf(row as EventRow)]);
};

onPostgres('What the log says of deadlines (Postgres)', (freshStore) => {
  it('is each change once, with what is expected, what is in the way and what could be done', async () => {
    const store = await freshStore();
    const ledger = await store.open(RAISING);
    await TestNode.register(ledger, 'gpu-1', {
      capacity: { devices: 1, cores: 8, memoryBytes: 0, slots: 4 },
    });
    const blocking = await TestRun.create(ledger);
    await blocking.start('train', { estimateSeconds: 600 });
    const spec = inRow(store, 31);
    await ledger.createRun(spec);
    await ledger.sweepNodes();
    await ledger.sweepNodes();
    const told = await toldOf(store.url, spec.runId);
    expect(told.map(([kind]) => kind)).toEqual(['deadline-at-risk', 'deadline-raised']);
    expect(told[0]?.[1]).toMatch(/is at risk: expected to finish about .*in 9 of 10 cases by/);
    expect(told[0]?.[1]).toContain(`held by ${blocking.id}/train`);
    expect(told[0]?.[1]).toMatch(/by .* UTC if the deadline moves there/);
    expect(told[1]?.[1]).toBe('raised from normal to high by the policy, for its deadline');

    store.clocks.wallMs += 60 * MINUTE;
    await new TestRun(ledger, spec).turn({ end: { status: 'succeeded' } });
    const [last] = (await toldOf(store.url, spec.runId)).slice(2);
    expect(last).toEqual(['deadline-missed', expect.stringMatching(/passed 29 min ago/)]);
  });
});
