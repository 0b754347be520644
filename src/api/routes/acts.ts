import { type RequestHandler, Router } from 'express';
import { type RunId, runId, SignalboxError } from '../../domain/index.js';
import type { Ledger } from '../../ledger/index.js';
import { act, changePriority, parse } from '../requests.js';
import type { Requested } from '../schemas.js';
import { runOf } from './find.js';

/** Act on a run: accepted here, delivered as a signal by the outbox, obeyed at the run's next turn. */
export const actRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.post(
    '/runs/:id/cancel',
    ordering('cancel', ledger, (id, body) => ledger.requestCancel(id, reasonOf(parse(act, body)))),
  );
  for (const name of ['pause', 'resume'] as const)
    routes.post(
      `/runs/:id/${name}`,
      ordering(name, ledger, (id, body) =>
        ledger.requestSignal(id, name, { reason: reasonOf(parse(act, body)) }),
      ),
    );
  routes.post(
    '/runs/:id/priority',
    ordering('priority', ledger, (id, body) => {
      const { priority, ...why } = parse(changePriority, body);
      return ledger.requestSignal(id, 'setPriority', { priorityClass: priority, reason: reasonOf(why) });
    }),
  );
  return routes;
};

const reasonOf = ({ reason }: { readonly reason?: string | undefined }): string =>
  reason ?? 'asked through the API';

const ordering =
  (
    name: Requested['requested'],
    ledger: Ledger,
    order: (id: RunId, body: unknown) => Promise<void>,
  ): RequestHandler<{ id: string }> =>
  async (request, response) => {
    const { runId: id, status } = await runOf(ledger, runId(request.params.id));
    if (status !== 'running') throw new SignalboxError('run-over', `The run ${id} ${HOW_IT_ENDED[status]}.`);
    await order(id, request.body);
    response.status(202).json({ id, requested: name } satisfies Requested);
  };

const HOW_IT_ENDED = {
  succeeded: 'has already succeeded',
  failed: 'has already failed',
  cancelled: 'has already been cancelled',
} as const;
