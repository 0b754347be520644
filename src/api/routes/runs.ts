import { Router } from 'express';
import { type RunId, runId, SignalboxError, taskKey } from '../../domain/index.js';
import type { Ledger } from '../../ledger/index.js';
import { presentExplanation, presentRun, presentRunDetail } from '../present.js';
import {
  act,
  changePriority,
  explainQuery,
  idempotencyKey,
  listRuns,
  nothing,
  parse,
  startRun,
} from '../requests.js';
import type { ExplanationList, Requested, Run, RunDetail, RunPage } from '../schemas.js';
import { runSpecOf } from '../submission.js';
import { runOf } from './find.js';

const BY_DEFAULT = 'asked through the API';

const openRun = async (ledger: Ledger, id: string): Promise<RunId> => {
  const { runId: known, status } = await runOf(ledger, runId(id));
  if (status !== 'running')
    throw new SignalboxError('run-over', `The run ${id} is over: it ${HOW_IT_ENDED[status]}.`);
  return known;
};

const HOW_IT_ENDED = { succeeded: 'succeeded', failed: 'failed', cancelled: 'was cancelled' } as const;

/** Start, list and look into runs, and act on them. Effects go out by the ledger's outbox alone. */
export const runRoutes = (ledger: Ledger): Router => {
  const routes = Router();

  routes.post('/runs', async (request, response) => {
    const body = parse(startRun, request.body);
    const key = parse(idempotencyKey, request.get('idempotency-key'));
    const { run, created } = await ledger.createRun(
      runSpecOf(body, Date.now()),
      key === undefined ? {} : { idempotencyKey: key },
    );
    response
      .status(created ? 201 : 200)
      .location(`/v1/runs/${run.runId}`)
      .json(presentRun(run) satisfies Run);
  });

  routes.get('/runs', async (request, response) => {
    const { status, pipeline, limit, cursor } = parse(listRuns, request.query);
    const found = await ledger.listRuns({
      limit: limit + 1,
      ...(status ? { status } : {}),
      ...(pipeline ? { pipeline } : {}),
      ...(cursor ? { before: runId(cursor) } : {}),
    });
    const page = found.slice(0, limit);
    const next = found.length > limit ? (page.at(-1)?.runId ?? null) : null;
    response.json({ runs: page.map(presentRun), next } satisfies RunPage);
  });

  routes.get('/runs/:id', async (request, response) => {
    parse(nothing, request.query);
    response.json(presentRunDetail(await runOf(ledger, runId(request.params.id))) satisfies RunDetail);
  });

  routes.get('/runs/:id/explain', async (request, response) => {
    const { task } = parse(explainQuery, request.query);
    const found = await ledger.explain(runId(request.params.id), task === undefined ? task : taskKey(task));
    response.json({ explanations: found.map(presentExplanation) } satisfies ExplanationList);
  });

  routes.post('/runs/:id/cancel', async (request, response) => {
    const { reason } = parse(act, request.body);
    const id = await openRun(ledger, request.params.id);
    await ledger.requestCancel(id, reason ?? BY_DEFAULT);
    response.status(202).json({ id, requested: 'cancel' } satisfies Requested);
  });

  for (const name of ['pause', 'resume'] as const)
    routes.post(`/runs/:id/${name}`, async (request, response) => {
      const { reason } = parse(act, request.body);
      const id = await openRun(ledger, String(request.params.id));
      await ledger.requestSignal(id, name, { reason: reason ?? BY_DEFAULT });
      response.status(202).json({ id, requested: name } satisfies Requested);
    });

  routes.post('/runs/:id/priority', async (request, response) => {
    const { priority, reason } = parse(changePriority, request.body);
    const id = await openRun(ledger, request.params.id);
    await ledger.requestSignal(id, 'setPriority', { priorityClass: priority, reason: reason ?? BY_DEFAULT });
    response.status(202).json({ id, requested: 'priority' } satisfies Requested);
  });
  return routes;
};
