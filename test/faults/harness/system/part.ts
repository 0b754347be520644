import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Service, type ServiceSettings } from './service.js';
import { type Target, TcpProxy } from './tcp-proxy.js';

/** A process of the system with its only way to what it depends on, and a wall clock of its own. */
export interface Part {
  readonly service: Service;
  /** To the database for the API and the control workers, to the API for the pool workers. */
  readonly upstream: TcpProxy;
  /** Moves its wall clock away from the true time by so much. */
  setClock(offsetMs: number): void;
}

const CLOCK = pathToFileURL(join(import.meta.dirname, 'clock.mjs')).href;

/** Starts a part; `envOf` tells its environment from the port through which it reaches what it depends on. */
export const startPart = async (
  target: Target,
  settings: Omit<ServiceSettings, 'env'>,
  envOf: (upstreamPort: number) => NodeJS.ProcessEnv,
): Promise<Part> => {
  const upstream = await TcpProxy.start(target);
  const clockFile = join(settings.folder, `${settings.name}.clock`);
  const env = {
    ...envOf(upstream.port),
    FAULTS_CLOCK: clockFile,
    NODE_OPTIONS: `--import=${CLOCK}`,
  };
  const service = new Service({ ...settings, env });
  await service.start();
  return { service, upstream, setClock: (offsetMs) => writeFileSync(clockFile, String(offsetMs)) };
};
