import { setTimeout as delay } from 'node:timers/promises';
import type { Part } from '../system/part.js';
import type { World } from '../system/world.js';
import type { Fault, Scene } from './fault.js';

/** How long a killed process stays down: from a quick restart to one that outlasts the self-fence. */
const DOWN_MS = { least: 0, most: 3_000 };

const killed = (kind: string, lane: Fault['lane'], partsOf: (world: World) => readonly Part[]): Fault => ({
  kind,
  lane,
  async inject({ world, chance }: Scene) {
    const { service } = chance.pick(partsOf(world));
    const downMs = Math.round(chance.between(DOWN_MS.least, DOWN_MS.most));
    await service.kill();
    await delay(downMs);
    await service.start();
    return `SIGKILL to ${service.name}, started again after ${downMs} ms`;
  },
});

/** SIGKILL to a pool worker. */
export const killedWorker = killed('worker-killed', 'work', ({ workers }) => workers);
/** SIGKILL to a control worker. */
export const killedControl = killed('control-killed', 'services', ({ controls }) => controls);
/** SIGKILL to the API. */
export const killedApi = killed('api-killed', 'services', ({ apiPart }) => [apiPart]);
