import {
  type HeartbeatAnswer,
  type HeartbeatRequest,
  type RegisterAnswer,
  type RegisterRequest,
  SignalboxError,
} from '../../src/domain/index.js';

/** The two calls of the API that a worker makes. */
export interface AgentApi {
  register(request: RegisterRequest): Promise<RegisterAnswer>;
  heartbeat(request: HeartbeatRequest): Promise<HeartbeatAnswer>;
}

const TIMEOUT_MS = 5000;

/**
 * Calls the API with the worker token. Throws `unauthorized`, `node-taken` or `invalid-request` where trying again is of no
 * use, `not-ready` for everything else.
 */
export const agentApi = (apiUrl: string, workerToken: string): AgentApi => {
  const post = async (path: string, body: unknown) => {
    const url = new URL(path, apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`);
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${workerToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause) => {
      throw new SignalboxError('not-ready', `The API does not answer at ${url}: ${reason(cause)}`, [], {
        cause,
      });
    });
    if (!response.ok) throw await refusal(response, url);
    return response.json();
  };
  return {
    register: (request) => post('v1/agent/register', request) as Promise<RegisterAnswer>,
    heartbeat: (request) => post('v1/agent/heartbeat', request) as Promise<HeartbeatAnswer>,
  };
};

const reason = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
};

const refusal = async (response: Response, url: URL): Promise<SignalboxError> => {
  const text = await response.text().catch(() => '');
  const message = `${url} answered ${response.status}: ${saidIn(text)}`;
  if (response.status === 401 || response.status === 403) return new SignalboxError('unauthorized', message);
  if (response.status === 409) return new SignalboxError('node-taken', message);
  if (response.status === 400) return new SignalboxError('invalid-request', message);
  return new SignalboxError('not-ready', message);
};

/** The sentence of a problem document; of anything else (a proxy's page) the beginning. */
const saidIn = (text: string): string => {
  try {
    const { detail } = JSON.parse(text);
    if (typeof detail === 'string') return detail;
  } catch {
    // No JSON: the text itself is all there is.
  }
  return text.slice(0, 500);
};
