import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES, SignalboxError } from '../src/domain/index.js';

/** Where Temporal is and how to get in: a dev server, a cluster, or Temporal Cloud. */
export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
  readonly apiKey?: string;
  /** True for server TLS with the system's roots; an object for mTLS or a private authority (PEM texts). */
  readonly tls?:
    | true
    | { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string };
}

/** An open client connection of one namespace. */
export interface TemporalClient {
  readonly client: Client;
  close(): Promise<void>;
}

/** IndexedValueType of Temporal's API for exact-match text. */
const KEYWORD = 2;
const ALREADY_EXISTS = 6;

/** Connection settings from TEMPORAL_ADDRESS, _NAMESPACE, _API_KEY, _TLS, and _TLS_CA/_CERT/_KEY (files), _TLS_SERVER_NAME. */
export const temporalSettingsFrom = (env: Readonly<Record<string, string | undefined>>): TemporalSettings => {
  const tls = tlsFrom(env);
  return {
    address: env.TEMPORAL_ADDRESS ?? '127.0.0.1:7233',
    namespace: env.TEMPORAL_NAMESPACE ?? 'default',
    ...(env.TEMPORAL_API_KEY ? { apiKey: env.TEMPORAL_API_KEY } : {}),
    ...(tls === undefined ? {} : { tls }),
  };
};

const tlsFrom = (env: Readonly<Record<string, string | undefined>>): TemporalSettings['tls'] => {
  const ca = pem(env, 'TEMPORAL_TLS_CA');
  const cert = pem(env, 'TEMPORAL_TLS_CERT');
  const key = pem(env, 'TEMPORAL_TLS_KEY');
  const serverName = env.TEMPORAL_TLS_SERVER_NAME;
  if (ca ?? cert ?? key ?? serverName) {
    return {
      ...(ca ? { ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
      ...(serverName ? { serverName } : {}),
    };
  }
  return env.TEMPORAL_TLS === 'true' || env.TEMPORAL_API_KEY ? true : undefined;
};

const pem = (env: Readonly<Record<string, string | undefined>>, name: string): string | undefined => {
  const file = env[name];
  if (!file) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SignalboxError('invalid-option', `${name}: cannot read ${file}.`, [], { cause });
  }
};

const connectionOptions = (settings: TemporalSettings) => ({
  address: settings.address,
  ...(settings.apiKey ? { apiKey: settings.apiKey } : {}),
  ...(settings.tls === undefined ? {} : { tls: settings.tls === true ? true : tlsOptions(settings.tls) }),
});

const tlsOptions = (tls: Exclude<NonNullable<TemporalSettings['tls']>, true>) => ({
  ...(tls.serverName ? { serverNameOverride: tls.serverName } : {}),
  ...(tls.ca ? { serverRootCACertificate: Buffer.from(tls.ca) } : {}),
  ...(tls.cert && tls.key
    ? { clientCertPair: { crt: Buffer.from(tls.cert), key: Buffer.from(tls.key) } }
    : {}),
});

const unreachable = (settings: TemporalSettings, cause: unknown) =>
  new SignalboxError(
    'temporal-unavailable',
    `No Temporal server answers at ${settings.address} (namespace ${settings.namespace}): ${cause instanceof Error ? cause.message : cause}`,
    [],
    { cause },
  );

/** Opens a client. Throws `temporal-unavailable` where no server answers within ten seconds. */
export const connectClient = async (settings: TemporalSettings): Promise<TemporalClient> => {
  const connection = await Connection.connect({
    ...connectionOptions(settings),
    connectTimeout: '10s',
  }).catch((cause) => {
    throw unreachable(settings, cause);
  });
  return {
    client: new Client({ connection, namespace: settings.namespace }),
    close: () => connection.close(),
  };
};

/** Opens a worker's connection. Throws `temporal-unavailable` where no server answers. */
export const connectWorker = (settings: TemporalSettings): Promise<NativeConnection> =>
  NativeConnection.connect({ ...connectionOptions(settings), grpcCompression: { codec: 'none' } }).catch(
    (cause) => {
      throw unreachable(settings, cause);
    },
  );

/** Registers our search attributes: without them a workflow task would be retried for ever. Idempotent. */
export const registerSearchAttributes = async ({ client }: TemporalClient): Promise<void> => {
  const searchAttributes = Object.fromEntries(
    Object.values(SEARCH_ATTRIBUTES).map((name) => [name, KEYWORD]),
  );
  const { namespace } = client.options;
  try {
    await client.connection.ensureConnected();
    await (client.connection as Connection).operatorService.addSearchAttributes({
      namespace,
      searchAttributes,
    });
  } catch (error) {
    if ((error as { code?: number }).code !== ALREADY_EXISTS) throw error;
  }
};
