import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';

const SANE_ID = /^[\w.:-]{1,100}$/;

/** The id under which a request is answered and logged. */
export const requestIdOf = (response: Response): string => String(response.locals.requestId);

/** Gives each request an id (the caller's `X-Request-Id`, where sane) and logs it when answered: no query, header or body. */
export const requestContext =
  (log: Logger): RequestHandler =>
  (request, response, next) => {
    const given = request.get('x-request-id');
    const requestId = given && SANE_ID.test(given) ? given : randomUUID();
    const startedAt = performance.now();
    const { method, path } = request;
    response.locals.requestId = requestId;
    response.set('X-Request-Id', requestId);
    response.on('finish', () =>
      log.debug(
        {
          requestId,
          method,
          path,
          status: response.statusCode,
          durationMs: Math.round(performance.now() - startedAt),
        },
        'request',
      ),
    );
    next();
  };
