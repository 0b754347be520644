import { Router } from 'express';
import type { Ledger } from '../../ledger/index.js';
import { presentPolicy } from '../present.js';
import { activatePolicy, checkPolicy, nothing, parse, rollbackPolicy } from '../requests.js';
import type { ActivatedPolicy, CheckedPolicy, PolicyDetail, PolicyList } from '../schemas.js';

/** The policy in force: what it is, what it was, and how it is changed. */
export const policyRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.get('/policies', async (request, response) => {
    parse(nothing, request.query);
    const policies = await ledger.listPolicies();
    response.json({ policies: policies.map(presentPolicy) } satisfies PolicyList);
  });
  routes.post('/policies/validate', (request, response) => {
    const { document } = parse(checkPolicy, request.body);
    const { name, version } = ledger.checkPolicy(textOf(document));
    response.json({ name, version } satisfies CheckedPolicy);
  });
  routes.post('/policies/activate', async (request, response) => {
    const { document, version, expect, ...act } = parse(activatePolicy, request.body);
    const text = document === undefined ? (await ledger.getPolicy(version)).text : textOf(document);
    const guard = expect === undefined ? {} : { expect };
    response.json((await ledger.activatePolicy(text, { ...act, ...guard })) satisfies ActivatedPolicy);
  });
  routes.post('/policies/rollback', async (request, response) => {
    const { to, expect, ...act } = parse(rollbackPolicy, request.body);
    const guard = expect === undefined ? {} : { expect };
    response.json((await ledger.rollbackPolicy({ ...act, ...guard }, to)) satisfies ActivatedPolicy);
  });
  routes.get('/policies/:version', async (request, response) => {
    const { version } = request.params;
    const { text, ...record } = await ledger.getPolicy(version === 'active' ? undefined : version);
    response.json({ ...presentPolicy(record), text } satisfies PolicyDetail);
  });
  return routes;
};

const textOf = (document: string | object): string =>
  typeof document === 'string' ? document : JSON.stringify(document, null, 2);
