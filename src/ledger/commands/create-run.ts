import { createHash } from 'node:crypto';
import {
  optionsOf,
  type Problem,
  type RunForecast,
  type RunSpec,
  SignalboxError,
} from '../../domain/index.js';
import { describeMisfit } from '../capacity.js';
import type { CreatedRun } from '../contract.js';
import { recordOf } from '../queries/records.js';
import type { RunRow } from '../rows/index.js';
import { workArrives } from '../state/arriving.js';
import type { Command } from '../state/group-commit.js';
import type { Image } from '../state/image.js';
import { fullQueue, objectionsTo } from './acceptance.js';
import { firstWatch, tell } from './deadlines.js';
import { expectRun } from './expected-run.js';

/** Accepts a run: the run, its document and the order to start it, in one transaction. */
export const createRun = (spec: RunSpec, idempotencyKey: string | null): Command<CreatedRun> => {
  const specHash = hashOf(spec);
  let stored: readonly RunRow[] = [];
  return {
    async prepare(database) {
      stored = await database.db
        .selectFrom('runs')
        .selectAll()
        .where((or) => or.or([or('runId', '=', spec.runId), or('idempotencyKey', '=', idempotencyKey)]))
        .execute();
    },
    apply(draft) {
      const inBatch = idempotencyKey === null ? undefined : draft.image.runByIdempotencyKey(idempotencyKey);
      const before = inBatch ?? draft.image.runs.get(spec.runId) ?? stored[0];
      if (before) return () => repeated(before, spec, specHash);
      refusePastDeadline(spec, draft.atMs);
      refuseMisfits(spec, draft.image);
      const full = fullQueue(spec, draft);
      if (full) throw full;
      const expected = expectRun(spec, draft.image, draft.surroundings, draft.atMs);
      const { refusal, warnings } = objectionsTo(spec, expected, draft);
      if (refusal) throw refusal;
      const forecast = { ...expected.forecast, warnings };
      const run: RunRow = {
        runId: spec.runId,
        pipeline: spec.pipeline.name,
        tenant: spec.tenant,
        priorityClass: spec.priorityClass,
        status: 'running',
        paused: false,
        deadlineAtMs: spec.deadlineAtMs ?? null,
        createdAtMs: draft.atMs,
        endedAtMs: null,
        error: null,
        forecast,
        outlook: firstWatch(draft, forecast),
        idempotencyKey,
        specHash,
        orders: null,
      };
      draft.put('runs', run);
      draft.put('works', expected.work);
      workArrives(draft, expected.arriving);
      draft.append('specs', { runId: spec.runId, spec: JSON.stringify(spec) });
      draft.append('outbox', {
        kind: 'start-run',
        runId: spec.runId,
        workflowId: spec.runId,
        name: null,
        payload: null,
        dueAtMs: draft.atMs,
      });
      draft.event({ kind: 'run-created', runId: spec.runId, detail: { forecast: run.forecast } });
      if (run.outlook !== null) tell(draft, run, run.outlook, 'none');
      return () => ({ run: recordOf(run), created: true, forecast: run.forecast });
    },
  };
};

/** What would be forecast of the run, and whether it would be refused now; nothing is stored. */
export const forecastOnly = (spec: RunSpec): Command<RunForecast> => ({
  apply(draft) {
    refusePastDeadline(spec, draft.atMs);
    refuseMisfits(spec, draft.image);
    const expected = expectRun(spec, draft.image, draft.surroundings, draft.atMs);
    const { refusal: tooDear, warnings } = objectionsTo(spec, expected, draft);
    const refusal = fullQueue(spec, draft) ?? tooDear;
    const refused = refusal ? [`it would be refused now: ${refusal.message}`] : [];
    return () => ({ ...expected.forecast, warnings: [...refused, ...warnings] });
  },
});

/** The same request again: the run that it made. A lost answer to our own commit counts as created. */
const repeated = (before: RunRow, spec: RunSpec, specHash: string): CreatedRun => {
  if (before.specHash !== specHash) {
    throw new SignalboxError(
      'idempotency-conflict',
      `Run ${before.runId} was started with this Idempotency-Key from a different request.`,
    );
  }
  return { run: recordOf(before), created: before.runId === spec.runId, forecast: before.forecast };
};

/** Refuses a run that could only be late. */
const refusePastDeadline = ({ deadlineAtMs }: RunSpec, atMs: number): void => {
  if (deadlineAtMs === undefined || deadlineAtMs > atMs) return;
  const message = `The deadline ${new Date(deadlineAtMs).toISOString()} has passed.`;
  const problem = { path: 'deadline', message, mend: 'Give a later time, or a span from now such as 2h.' };
  throw new SignalboxError('invalid-request', message, [problem]);
};

/** Refuses a run of which a task could never start, naming each such task and the largest node. */
const refuseMisfits = ({ pipeline }: RunSpec, image: Image): void => {
  const problems = Object.entries(pipeline.tasks).flatMap(([name, task]): Problem[] => {
    const misfit = describeMisfit(image, optionsOf(task));
    return misfit === null
      ? []
      : [{ path: `tasks.${name}.resources`, message: misfit, mend: 'Ask for less, or add a larger node.' }];
  });
  const [first] = problems;
  if (first === undefined) return;
  const message = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new SignalboxError('never-fits', `No node could ever hold it: ${message}.`, problems);
};

/** Of what was asked for. The run's id, and a deadline counted from now, differ each time the same request is made. */
const hashOf = ({ runId: _, deadlineAtMs: __, ...asked }: RunSpec): string =>
  createHash('sha256').update(canonical(asked)).digest('hex');

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
