import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** In a message of Postgres' protocol: the prepared statement that commits a batch is bound, with something about leases. */
const COMMITS = Buffer.from('\0commit\0');
const OF_LEASES = Buffer.from('"leases"');
const WITHIN_MS = 60_000;

/** A control worker killed after its transaction was committed and before it heard of that. */
export const unansweredCommit: Fault = {
  kind: 'commit-unanswered',
  lane: 'services',
  async inject({ world, chance }) {
    const { service, upstream } = chance.pick(world.controls);
    const committed = new Promise<void>((resolve) => {
      upstream.tap = (sent) =>
        sent.includes(COMMITS) && sent.includes(OF_LEASES) ? { onAnswer: resolve } : null;
    });
    const deadline = delay(WITHIN_MS).then(() => {
      throw new Error(`${service.name} committed nothing about leases for ${WITHIN_MS / 1000} s`);
    });
    deadline.catch(() => undefined);
    try {
      await Promise.race([committed, deadline]);
      await service.kill();
    } finally {
      upstream.tap = null;
    }
    await service.start();
    return `${service.name} killed between its commit and the answer`;
  },
};
