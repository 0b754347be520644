import { Router } from 'express';
import { runId } from '../../domain/index.js';
import type { Ledger } from '../../ledger/index.js';
import { presentPastRun } from '../present.js';
import { listHistory, parse } from '../requests.js';
import type { HistoryPage } from '../schemas.js';
import { refuseUnknownCursor } from './find.js';

/** Runs that have ended, with all that a replay of them needs. */
export const historyRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.get('/history', async (request, response) => {
    const { since, limit, cursor } = parse(listHistory, request.query);
    const filter = { sinceMs: Date.parse(since), limit: limit + 1 };
    const found = await ledger.listHistory({ ...filter, ...(cursor ? { before: runId(cursor) } : {}) });
    if (found.length === 0 && cursor) await refuseUnknownCursor(ledger, cursor);
    const page = found.slice(0, limit);
    const next = found.length > limit ? (page.at(-1)?.runId ?? null) : null;
    response.json({ runs: page.map(presentPastRun), next } satisfies HistoryPage);
  });
  return routes;
};
