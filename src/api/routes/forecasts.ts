import { Router } from 'express';
import { POOLS } from '../../domain/index.js';
import type { Ledger } from '../../ledger/index.js';
import { presentDemand } from '../present.js';
import { demandQuery, nothing, parse } from '../requests.js';
import type { Demand, Forecaster } from '../schemas.js';

/** What the forecaster has learned, and the work that should arrive. */
export const forecastRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.get('/forecaster', async (request, response) => {
    parse(nothing, request.query);
    response.json((await ledger.forecasterStatus()) satisfies Forecaster);
  });
  routes.get('/demand', async (request, response) => {
    const { pool, hours } = parse(demandQuery, request.query);
    const pools = await ledger.forecastDemand(pool ? [pool] : POOLS, hours);
    response.json({ pools: pools.map(presentDemand) } satisfies Demand);
  });
  return routes;
};
