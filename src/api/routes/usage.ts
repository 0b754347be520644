import { Router } from 'express';
import type { Ledger } from '../../ledger/index.js';
import { presentUsage } from '../present.js';
import { parse, usageQuery } from '../requests.js';
import type { Usage } from '../schemas.js';

/** What tenants spend, use and hold. */
export const usageRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.get('/usage', async (request, response) => {
    const { tenant } = parse(usageQuery, request.query);
    response.json(presentUsage(await ledger.usage(tenant)) satisfies Usage);
  });
  return routes;
};
