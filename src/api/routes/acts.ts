import { type RequestHandler, Router } from 'express';
import { nodeId, type RunOrder, runId, type TaskOrder, taskKey } from '../../domain/index.js';
import type { Ledger } from '../../ledger/index.js';
import { act, actOf, changeDeadline, changePriority, parse, pinTask } from '../requests.js';
import type { Acted } from '../schemas.js';
import { deadlineAtMs } from '../submission.js';

/**
 * Act on a run or on a task of it. What concerns the run's workflow is accepted here, delivered as a signal by the outbox, and
 * obeyed at the run's next turn; what concerns the planner holds from its next cycle on.
 */
export const actRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  for (const name of ['cancel', 'pause', 'resume'] as const)
    routes.post(`/runs/:id/${name}`, onRun(ledger, act, { act: name }));
  routes.post('/runs/:id/priority', async (request, response) => {
    const { priority, ...who } = parse(changePriority, request.body);
    const order = { act: 'priority', priorityClass: priority } as const;
    const acted: Acted = await ledger.actOnRun(runId(request.params.id), order, actOf(who));
    response.status(202).json(acted);
  });
  routes.post('/runs/:id/deadline', async (request, response) => {
    const { deadline, ...who } = parse(changeDeadline, request.body);
    const atMs = deadline === null ? null : deadlineAtMs(deadline, Date.now());
    const order = { act: 'deadline', deadlineAtMs: atMs } as const;
    const acted: Acted = await ledger.actOnRun(runId(request.params.id), order, actOf(who));
    response.status(202).json(acted);
  });
  for (const name of ['hold', 'release', 'unpin'] as const)
    routes.post(`/runs/:id/tasks/:task/${name}`, onTask(ledger, { act: name }));
  routes.post('/runs/:id/tasks/:task/pin', async (request, response) => {
    const { node, ...who } = parse(pinTask, request.body);
    const { id, task } = request.params;
    const order = { act: 'pin', nodeId: nodeId(node) } as const;
    const acted: Acted = await ledger.actOnTask(runId(id), taskKey(task), order, actOf(who));
    response.json(acted);
  });
  return routes;
};

const onRun =
  (ledger: Ledger, body: typeof act, order: RunOrder): RequestHandler<{ id: string }> =>
  async (request, response) => {
    const who = actOf(parse(body, request.body));
    response.status(202).json((await ledger.actOnRun(runId(request.params.id), order, who)) satisfies Acted);
  };

const onTask =
  (ledger: Ledger, order: TaskOrder): RequestHandler<{ id: string; task: string }> =>
  async (request, response) => {
    const who = actOf(parse(act, request.body));
    const { id, task } = request.params;
    response.json((await ledger.actOnTask(runId(id), taskKey(task), order, who)) satisfies Acted);
  };
