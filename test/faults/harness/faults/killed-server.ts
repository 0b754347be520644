import { setTimeout as delay } from 'node:timers/promises';
import type { World } from '../system/world.js';
import type { Fault } from './fault.js';

const killed = (
  kind: string,
  serverOf: (world: World) => { kill(): Promise<void>; start(): Promise<void> },
): Fault => ({
  kind,
  lane: 'services',
  async inject({ world, chance }) {
    const downMs = Math.round(chance.between(0, 3_000));
    const server = serverOf(world);
    await server.kill();
    await delay(downMs);
    await server.start();
    return `SIGKILL, started again after ${downMs} ms`;
  },
});

/** SIGKILL to the Temporal server. */
export const killedTemporal = killed('temporal-killed', ({ temporal }) => temporal);
/** SIGKILL to Postgres. */
export const killedPostgres = killed('postgres-killed', ({ postgres }) => postgres);
