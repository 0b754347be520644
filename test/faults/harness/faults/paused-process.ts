import { setTimeout as delay } from 'node:timers/promises';
import type { Part } from '../system/part.js';
import type { World } from '../system/world.js';
import type { Fault } from './fault.js';

/** Longer than the self-fence (5 s), its grace (2 s) and one heartbeat: others have got the leases by then. */
const PAUSE_MS = 8_500;

const paused = (kind: string, lane: Fault['lane'], partsOf: (world: World) => readonly Part[]): Fault => ({
  kind,
  lane,
  async inject({ world, chance }) {
    const { service } = chance.pick(partsOf(world));
    service.pause();
    await delay(PAUSE_MS);
    service.resume();
    return `${service.name} stopped for ${PAUSE_MS} ms`;
  },
});

/** SIGSTOP to a pool worker for longer than its leases last, then SIGCONT. */
export const pausedWorker = paused('worker-paused', 'work', ({ workers }) => workers);
/** The same to a control worker. */
export const pausedControl = paused('control-paused', 'services', ({ controls }) => controls);
