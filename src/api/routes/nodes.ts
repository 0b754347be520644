import { Router } from 'express';
import type { Ledger } from '../../ledger/index.js';
import { presentNode } from '../present.js';
import { nodesQuery, parse } from '../requests.js';
import type { NodeList } from '../schemas.js';

/** The nodes of all pools, with what of them is taken. */
export const nodeRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.get('/nodes', async (request, response) => {
    const { pool } = parse(nodesQuery, request.query);
    const nodes = await ledger.listNodes(pool ? { pool } : {});
    response.json({ nodes: nodes.map(presentNode) } satisfies NodeList);
  });
  return routes;
};
