import { Router } from 'express';
import { heartbeatRequest, registerRequest } from '../../domain/index.js';
import type { Ledger } from '../../ledger/index.js';
import { parse } from '../requests.js';

/** What workers call, and they alone: register a node, renew its leases. */
export const agentRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.post('/register', async (request, response) => {
    response.json(await ledger.registerNode(parse(registerRequest, request.body)));
  });
  routes.post('/heartbeat', async (request, response) => {
    response.json(await ledger.heartbeat(parse(heartbeatRequest, request.body)));
  });
  return routes;
};
