import { Router } from 'express';
import { SignalboxError } from '../../domain/index.js';
import type { Ledger } from '../../ledger/index.js';

const PATIENCE_MS = 2_000;

/** `/healthz`: the process answers. `/readyz`: its ledger answers too, within two seconds. */
export const healthRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.get('/healthz', (_request, response) => {
    response.json({ ok: true });
  });
  routes.get('/readyz', async (_request, response) => {
    await Promise.race([ledger.ping(), tooLate()]).catch((cause) => {
      throw new SignalboxError('not-ready', 'The ledger does not answer.', [], { cause });
    });
    response.json({ ok: true });
  });
  return routes;
};

const tooLate = (): Promise<never> =>
  new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS).unref();
  });
