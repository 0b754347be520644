import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** Every exchange of one process with the database takes long. */
export const slowDatabase: Fault = {
  kind: 'database-slow',
  lane: 'services',
  async inject({ world, chance }) {
    const { service, upstream } = chance.pick([world.apiPart, ...world.controls]);
    const delayMs = Math.round(chance.between(200, 1_200));
    upstream.delayMs = delayMs;
    await delay(5_000);
    upstream.open();
    return `${service.name} waited ${delayMs} ms for each piece from or to the database`;
  },
};
