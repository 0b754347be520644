import { type RequestHandler, Router } from 'express';
import { runId, taskKey } from '../../domain/index.js';
import type { Ledger } from '../../ledger/index.js';
import {
  presentAct,
  presentDeadline,
  presentDryRun,
  presentExplanation,
  presentRun,
  presentRunDetail,
} from '../present.js';
import { explainQuery, idempotencyKey, listRuns, nothing, parse, startQuery, startRun } from '../requests.js';
import type { DryRun, ExplanationList, Run, RunDetail, RunPage } from '../schemas.js';
import { runSpecOf } from '../submission.js';
import { refuseUnknownCursor, runOf } from './find.js';

/** Start, list and look into runs. */
export const runRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.post('/runs', start(ledger));
  routes.get('/runs', list(ledger));
  routes.get('/runs/:id', show(ledger));
  routes.get('/runs/:id/explain', explain(ledger));
  return routes;
};

type OneRun = RequestHandler<{ id: string }>;

const start =
  (ledger: Ledger): RequestHandler =>
  async (request, response) => {
    const { dryRun } = parse(startQuery, request.query);
    const body = parse(startRun, request.body);
    const key = parse(idempotencyKey, request.get('idempotency-key'));
    const nowMs = Date.now();
    const spec = runSpecOf(body, nowMs);
    if (dryRun === 'true') {
      response.json(presentDryRun(spec, await ledger.forecastRun(spec), nowMs) satisfies DryRun);
      return;
    }
    const { run, created } = await ledger.createRun(spec, key === undefined ? {} : { idempotencyKey: key });
    response
      .status(created ? 201 : 200)
      .location(`/v1/runs/${run.runId}`)
      .json(presentRun(run) satisfies Run);
  };

const list =
  (ledger: Ledger): RequestHandler =>
  async (request, response) => {
    const { status, pipeline, limit, cursor } = parse(listRuns, request.query);
    const found = await ledger.listRuns({
      limit: limit + 1,
      ...(status ? { status } : {}),
      ...(pipeline ? { pipeline } : {}),
      ...(cursor ? { before: runId(cursor) } : {}),
    });
    if (found.length === 0 && cursor) await refuseUnknownCursor(ledger, cursor);
    const page = found.slice(0, limit);
    const next = found.length > limit ? (page.at(-1)?.runId ?? null) : null;
    response.json({ runs: page.map(presentRun), next } satisfies RunPage);
  };

const show =
  (ledger: Ledger): OneRun =>
  async (request, response) => {
    parse(nothing, request.query);
    response.json(presentRunDetail(await runOf(ledger, runId(request.params.id))) satisfies RunDetail);
  };

const explain =
  (ledger: Ledger): OneRun =>
  async (request, response) => {
    const { task } = parse(explainQuery, request.query);
    const id = runId(request.params.id);
    const key = task === undefined ? undefined : taskKey(task);
    const found = await ledger.explain(id, key);
    const acts = await ledger.listActs(id, key);
    const deadline = presentDeadline(await runOf(ledger, id));
    response.json({
      deadline,
      explanations: found.map(presentExplanation),
      acts: acts.map(presentAct),
    } satisfies ExplanationList);
  };
