import { Router } from 'express';
import type { Ledger } from '../../ledger/index.js';
import { nothing, parse } from '../requests.js';
import type { Forecaster } from '../schemas.js';

/** What the forecaster has learned. */
export const forecastRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.get('/forecaster', async (request, response) => {
    parse(nothing, request.query);
    response.json((await ledger.forecasterStatus()) satisfies Forecaster);
  });
  return routes;
};
