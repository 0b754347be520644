import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';

const HOUR_MS = 3_600_000;

/** The wall clock of one process jumps by an hour, there and back. */
export const clockJump: Fault = {
  kind: 'clock-jump',
  lane: 'services',
  async inject({ world, chance }) {
    const part = chance.pick([world.apiPart, ...world.controls, ...world.workers]);
    const offsetMs = chance.pick([HOUR_MS, -HOUR_MS]);
    part.setClock(offsetMs);
    await delay(chance.between(2_000, 5_000));
    part.setClock(0);
    return `${part.service.name} ${offsetMs > 0 ? 'ahead' : 'behind'} by an hour`;
  },
};
