import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { type ErrorCode, SignalboxError } from '../domain/index.js';
import { requestIdOf } from './context.js';
import type { ProblemDocument } from './schemas.js';

/** Answers paths that nobody serves. */
export const noSuchRoute: RequestHandler = ({ method, path }) => {
  throw new SignalboxError('not-found', `There is no ${method} ${path}.`);
};

/** Turns every error into problem+json (RFC 9457). What is not ours is logged in full and told in one word: internal. */
export const answerWithProblem =
  (log: Logger): ErrorRequestHandler =>
  (thrown, _request, response, next) => {
    if (response.headersSent) return next(thrown);
    const error = known(thrown);
    const requestId = requestIdOf(response);
    if (error.status >= 500) log.error({ requestId, err: thrown }, error.message);
    if (error.code === 'unauthorized') response.set('WWW-Authenticate', 'Bearer');
    const retryAfterSeconds = error.retryAfterSeconds ?? (error.status === 503 ? 1 : null);
    if (retryAfterSeconds !== null) response.set('Retry-After', `${retryAfterSeconds}`);
    response
      .status(error.status)
      .type('application/problem+json')
      .send(JSON.stringify(problemOf(error, requestId)));
  };

const problemOf = (error: SignalboxError, requestId: string): ProblemDocument => ({
  type: `urn:signalbox:error:${error.code}`,
  title: title(error.code),
  status: error.status,
  detail: error.message,
  code: error.code,
  mend: error.mend,
  problems: error.problems.map((problem) => ({ ...problem })),
  requestId,
});

const title = (code: ErrorCode): string => {
  const words = code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** The errors of Express's own body parser and router, by their `type` or status. */
interface ForeignError {
  readonly type?: string;
  readonly status?: number;
  readonly message?: string;
  readonly limit?: number;
}

const known = (thrown: unknown): SignalboxError => {
  if (thrown instanceof SignalboxError) return thrown;
  const { type, status, message, limit } = (thrown ?? {}) as ForeignError;
  if (type === 'entity.parse.failed')
    return new SignalboxError('invalid-request', `The body is not valid JSON: ${message}.`);
  if (type === 'entity.too.large')
    return new SignalboxError('payload-too-large', `The body is larger than ${limit} bytes.`);
  if (type === 'encoding.unsupported' || type === 'charset.unsupported')
    return new SignalboxError('unsupported-media-type', `The body cannot be read: ${message}.`);
  if (status !== undefined && status >= 400 && status < 500)
    return new SignalboxError('invalid-request', `The request cannot be read: ${message}.`);
  return new SignalboxError('internal', 'Something went wrong inside Signalbox.', [], { cause: thrown });
};
