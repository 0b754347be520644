import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { SignalboxError } from '../domain/index.js';
import type { Ledger } from '../ledger/index.js';
import { requireLoopbackName, requireToken } from './auth.js';
import { requestContext } from './context.js';
import type { LogStore } from './log-store.js';
import { answerWithProblem, noSuchRoute } from './problems.js';
import { actRoutes } from './routes/acts.js';
import { agentRoutes } from './routes/agent.js';
import { eventRoutes } from './routes/events.js';
import { forecastRoutes } from './routes/forecasts.js';
import { healthRoutes } from './routes/health.js';
import { historyRoutes } from './routes/history.js';
import { logRoutes } from './routes/logs.js';
import { nodeRoutes } from './routes/nodes.js';
import { policyRoutes } from './routes/policies.js';
import { poolRoutes } from './routes/pools.js';
import { recordingRoutes } from './routes/recordings.js';
import { runRoutes } from './routes/runs.js';
import { settledRoutes } from './routes/settled.js';
import { usageRoutes } from './routes/usage.js';

/** What the API stands on. Without an API token it answers to this machine only. */
export interface ApiDeps {
  readonly ledger: Ledger;
  readonly workspace: LogStore;
  readonly apiToken?: string;
  readonly workerToken: string;
  readonly log: Logger;
}

/** Streams end once this says so: they would have no end of their own. */
interface Life {
  readonly stopping: AbortSignal;
}

/** Large enough for a document of 3,000 tasks. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** The HTTP API as an Express app, not yet listening. */
export const createApi = ({
  ledger,
  workspace,
  apiToken,
  workerToken,
  log,
  stopping,
}: ApiDeps & Life): Express => {
  const app = express().disable('x-powered-by').disable('etag').set('query parser', 'simple');
  const body = [jsonOnly, express.json({ limit: MAX_BODY_BYTES }), shallow];
  const user = apiToken === undefined ? requireLoopbackName : requireToken(apiToken, 'API token');

  app.use(requestContext(log), withoutNul);
  app.use(healthRoutes(ledger));
  app.use('/v1/agent', requireToken(workerToken, 'worker token'), body, agentRoutes(ledger));
  app.use(
    '/v1',
    user,
    body,
    runRoutes(ledger),
    actRoutes(ledger),
    logRoutes(ledger, workspace),
    nodeRoutes(ledger),
    poolRoutes(ledger),
    settledRoutes(ledger),
    historyRoutes(ledger),
    recordingRoutes(ledger),
    eventRoutes(ledger, stopping),
    forecastRoutes(ledger),
    usageRoutes(ledger),
    policyRoutes(ledger),
  );
  app.use(noSuchRoute);
  app.use(answerWithProblem(log));
  return app;
};

/** No name has a NUL in it, and the databases take none in a query: it would look like their failure. */
const withoutNul: RequestHandler = (request, _response, next) => {
  if (request.originalUrl.includes('%00'))
    throw new SignalboxError('invalid-request', 'The address has a NUL character in it.');
  next();
};

/** A body in another type is refused, not ignored: a form posted by a foreign page needs no leave of the browser. */
const jsonOnly: RequestHandler = (request, _response, next) => {
  const hasBody = request.get('content-length') !== '0' && request.is('*/*') !== null;
  if (hasBody && !request.is('application/json'))
    throw new SignalboxError(
      'unsupported-media-type',
      `A body of type ${request.get('content-type') ?? 'unknown'} is not understood.`,
    );
  next();
};

const MAX_DEPTH = 64;

/** Refuses bodies nested so deeply that walking them by recursion could exhaust the stack. */
const shallow: RequestHandler = (request, _response, next) => {
  let level: unknown[] = [request.body];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH)
      throw new SignalboxError('invalid-request', `The body is nested more than ${MAX_DEPTH} levels deep.`);
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
  next();
};
