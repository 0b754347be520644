import { createServer } from 'node:net';
import { SignalboxError } from '../domain/index.js';

/** A port on the loopback address that was free a moment ago. */
export async function freePort(): Promise<number> {
  return (await listenBriefly(0)) as number;
}

/** Throws `port-taken` for the first port in use or asked for twice, naming the option that changes it; starts nothing. */
export async function requireFreePorts(ports: Readonly<Record<string, number>>): Promise<void> {
  const seen = new Set<number>();
  for (const [option, port] of Object.entries(ports)) {
    if (seen.has(port)) throw taken(port, 'is asked for twice', option);
    if ((await listenBriefly(port)) === null)
      throw taken(port, 'is already in use by another program', option);
    seen.add(port);
  }
}

const taken = (port: number, why: string, option: string) =>
  new SignalboxError('port-taken', `Port ${port} ${why}; choose another one with ${option}.`);

/** Listens and closes again: the port that was bound, or null where it is taken. */
function listenBriefly(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1' }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });
}
