import { ERRORS, type ErrorCode, SignalboxError } from '../../domain/index.js';
import type { ProblemDocument } from '../schemas.js';

/** Where the API is, and the token it asks for, if any. */
export interface TransportSettings {
  readonly url: string;
  readonly token?: string;
}

/** One request. Undefined query values and body fields are left out. */
export interface Call {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the call, instead of the patience that is had with every other. */
  readonly signal?: AbortSignal;
}

const PATIENCE_MS = 30_000;

/** Sends calls and turns problem documents into errors again. Throws `api-unreachable` where nobody answers. */
export const createTransport = ({ url, token }: TransportSettings) => {
  const base = url.replace(/\/+$/, '');
  return async ({
    method = 'GET',
    path,
    query = {},
    body,
    headers = {},
    signal,
  }: Call): Promise<Response> => {
    const response = await fetch(`${base}${path}${queryText(query)}`, {
      method,
      headers: {
        ...headers,
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ?? AbortSignal.timeout(PATIENCE_MS),
    }).catch((cause: Error) => {
      throw unreachable(base, cause);
    });
    if (!response.ok) throw await errorOf(response, base);
    return response;
  };
};

const queryText = (query: NonNullable<Call['query']>): string => {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) text.set(name, String(value));
  return text.size === 0 ? '' : `?${text}`;
};

const unreachable = (base: string, cause: Error): SignalboxError => {
  const why = cause.name === 'TimeoutError' ? `no answer within ${PATIENCE_MS / 1000} s` : reasonOf(cause);
  return new SignalboxError(
    'api-unreachable',
    `Cannot reach the API at ${base} (${why}): is \`signalbox dev\` running?`,
    [],
    { cause },
  );
};

/** What fetch hides one level down: ECONNREFUSED, ENOTFOUND … */
const reasonOf = ({ cause, message }: Error): string =>
  cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : message;

const errorOf = async (response: Response, base: string): Promise<SignalboxError> => {
  const problem = (await response.json().catch(() => null)) as ProblemDocument | null;
  if (problem === null || !isErrorCode(problem.code))
    return new SignalboxError(
      'api-unreachable',
      `What answers at ${base} is no Signalbox API (status ${response.status}).`,
    );
  const retryAfterSeconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new SignalboxError(
    problem.code,
    problem.detail,
    problem.problems as SignalboxError['problems'],
    Number.isNaN(retryAfterSeconds) ? {} : { retryAfterSeconds },
  );
};

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);
