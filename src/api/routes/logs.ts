import { Router } from 'express';
import { attemptPrefix, runId, SignalboxError, taskKey } from '../../domain/index.js';
import type { AttemptState, Ledger } from '../../ledger/index.js';
import type { LogStore } from '../log-store.js';
import { logsQuery, parse } from '../requests.js';
import { findTask, runOf } from './find.js';

const CHUNK_BYTES = 1 << 20;
const NOT_OVER: readonly AttemptState[] = ['waiting', 'running'];

/**
 * What a task's program printed, from a byte offset, at most 1 MiB a call. The headers say which attempt it is, where to
 * read on, and whether that was all; where workers share no disk a log appears when its attempt has ended.
 */
export const logRoutes = (ledger: Ledger, logs: LogStore): Router => {
  const routes = Router();
  routes.get('/runs/:id/tasks/:key/logs', async (request, response) => {
    const { stream, offset, attempt: asked } = parse(logsQuery, request.query);
    const { id, key } = request.params;
    const newest = findTask(await runOf(ledger, runId(id)), taskKey(key));
    const attempt = asked ?? newest.attempt;
    if (attempt > newest.attempt)
      throw new SignalboxError(
        'not-found',
        `${key} of ${id} has made ${newest.attempt} attempts, not ${attempt}.`,
      );

    const found = await logs.read(`${attemptPrefix(runId(id), newest.taskKey, attempt)}/${stream}.log`, {
      offset,
      limitBytes: CHUNK_BYTES,
    });
    const next = offset + (found?.bytes.length ?? 0);
    const over = attempt < newest.attempt || !NOT_OVER.includes(newest.state);
    response
      .set('Signalbox-Attempt', String(attempt))
      .set('Signalbox-Next-Offset', String(next))
      .set('Signalbox-Complete', String(over && next >= (found?.totalBytes ?? 0)))
      .set('X-Content-Type-Options', 'nosniff')
      .type('text/plain; charset=utf-8')
      .send(Buffer.from(found?.bytes ?? []));
  });
  return routes;
};
