import { createServer } from 'node:net';
import { SignalboxError } from '../domain/index.js';

/** A port on the loopback address that was free a moment ago. */
export async function freePort(): Promise<number> {
  return (await listenBriefly(0)) as number;
}

/** Throws `port-taken` for the first port in use, naming the option that changes it; starts nothing. */
export async function requireFreePorts(ports: Readonly<Record<string, number>>): Promise<void> {
  for (const [option, port] of Object.entries(ports)) {
    if ((await listenBriefly(port)) !== null) continue;
    throw new SignalboxError(
      'port-taken',
      `Port ${port} is already in use by another program; choose another one with ${option}.`,
    );
  }
}

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
