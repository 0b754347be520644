import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignalboxError } from '../domain/index.js';
import { type ApiDeps, createApi } from './app.js';
import { isLoopback } from './auth.js';

/** Where the API listens; port 0 takes any free one. */
export interface ApiSettings extends ApiDeps {
  readonly host: string;
  readonly port: number;
}

/** An API that answers at `url` until it is stopped. */
export interface RunningApi {
  readonly url: string;
  stop(): Promise<void>;
}

/** How long a request under way may take to finish once we stop. */
const LAST_REQUESTS_MS = 3_000;

/** Starts the API. Throws `unsafe-bind` for a host that others reach without a token, `port-taken` where someone listens. */
export const startApi = async ({ host, port, ...deps }: ApiSettings): Promise<RunningApi> => {
  if (!isLoopback(host) && deps.apiToken === undefined)
    throw new SignalboxError(
      'unsafe-bind',
      `The API must not listen on ${host} without a token: anyone could start runs.`,
    );
  const stopping = new AbortController();
  const server = createApi({ ...deps, stopping: stopping.signal }).listen(port, host);
  await listening(server, host, port);
  const address = server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  deps.log.info({ url }, 'API listening');
  return {
    url,
    stop: () => {
      stopping.abort();
      return stop(server);
    },
  };
};

const listening = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(cause.code === 'EADDRINUSE' ? portTaken(host, port, cause) : cannotListen(host, port, cause)),
    );
  });

const portTaken = (host: string, port: number, cause: Error) =>
  new SignalboxError('port-taken', `Port ${port} on ${host} is taken.`, [], { cause });
const cannotListen = (host: string, port: number, cause: Error) =>
  new SignalboxError('invalid-option', `The API cannot listen on ${host}:${port}: ${cause.message}.`, [], {
    cause,
  });

const stop = async (server: Server): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const impatient = setTimeout(() => server.closeAllConnections(), LAST_REQUESTS_MS);
  await closed;
  clearTimeout(impatient);
};
