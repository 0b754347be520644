import { Router } from 'express';
import { nodeId } from '../../domain/index.js';
import type { Ledger } from '../../ledger/index.js';
import { presentNode } from '../present.js';
import { act, actOf, nodesQuery, parse } from '../requests.js';
import type { Acted, NodeList } from '../schemas.js';

/** The nodes of all pools, with what of them is taken; drain one, or let it work again. */
export const nodeRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.get('/nodes', async (request, response) => {
    const { pool } = parse(nodesQuery, request.query);
    const nodes = await ledger.listNodes(pool ? { pool } : {});
    response.json({ nodes: nodes.map(presentNode) } satisfies NodeList);
  });
  for (const [name, drain] of [
    ['drain', ledger.drainNode],
    ['undrain', ledger.undrainNode],
  ] as const)
    routes.post(`/nodes/:node/${name}`, async (request, response) => {
      const who = actOf(parse(act, request.body));
      response.json((await drain(nodeId(request.params.node), who)) satisfies Acted);
    });
  return routes;
};
