import { Router } from 'express';
import { durationSeconds, pauseScope } from '../../domain/index.js';
import type { Ledger } from '../../ledger/index.js';
import { presentPool } from '../present.js';
import { act, actOf, nothing, onePool, parse, pausePool } from '../requests.js';
import type { Acted, PoolList } from '../schemas.js';

/** The pools at a glance; pause and resume one of them, or everything. */
export const poolRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.get('/pools', async (request, response) => {
    parse(nothing, request.query);
    response.json({ pools: (await ledger.listPools()).map(presentPool) } satisfies PoolList);
  });
  routes.post(['/pause', '/pools/:pool/pause'], async (request, response) => {
    const { pool = null } = parse(onePool, request.params);
    const { for: span, ...who } = parse(pausePool, request.body);
    const forMs = span === undefined ? null : Math.round(durationSeconds(span) * 1_000);
    response.json((await ledger.pause(pauseScope(pool), actOf(who), forMs)) satisfies Acted);
  });
  routes.post(['/resume', '/pools/:pool/resume'], async (request, response) => {
    const { pool = null } = parse(onePool, request.params);
    const who = parse(act, request.body);
    response.json((await ledger.resume(pauseScope(pool), actOf(who))) satisfies Acted);
  });
  return routes;
};
