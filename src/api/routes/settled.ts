import { Router } from 'express';
import type { Ledger } from '../../ledger/index.js';
import { presentSettled } from '../present.js';
import { listSettled, parse } from '../requests.js';
import type { SettledList } from '../schemas.js';

/** Settled attempts beside their forecasts, newest first. */
export const settledRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.get('/attempts', async (request, response) => {
    const { pipeline, task, limit } = parse(listSettled, request.query);
    const attempts = await ledger.listSettled({
      limit,
      ...(pipeline === undefined ? {} : { pipeline }),
      ...(task === undefined ? {} : { task }),
    });
    response.json({ attempts: attempts.map(presentSettled) } satisfies SettledList);
  });
  return routes;
};
