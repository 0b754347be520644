import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** The workspace takes nothing more for a while. */
export const fullDisk: Fault = {
  kind: 'disk-full',
  lane: 'work',
  async inject({ world, chance }) {
    const forMs = Math.round(chance.between(2_000, 5_000));
    world.disk.fill();
    await delay(forMs);
    world.disk.clear();
    return `${world.disk.means}, for ${forMs} ms`;
  },
};
