import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** A pool worker that cannot reach the API, for less or more than its self-fence (5 s): refused, or without any answer. */
export const cutOffWorker: Fault = {
  kind: 'worker-cut-off',
  lane: 'work',
  async inject({ world, chance }) {
    const { service, upstream } = chance.pick(world.workers);
    const forMs = Math.round(chance.between(3_000, 9_500));
    const way = chance.pick(['refuse', 'silence'] as const);
    upstream[way]();
    await delay(forMs);
    upstream.open();
    return `${service.name} without the API (${way}) for ${forMs} ms`;
  },
};
