import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../../api/client/index.js';
import { SignalboxError } from '../../domain/index.js';

const PAUSE_MS = 500;
/** A machine that does everything at once may let a connection go stale; half a minute away is more than that. */
const PATIENCE_MS = 30_000;

/** The calls that the demo makes. */
export type PatientClient = Pick<
  ApiClient,
  'startRun' | 'forecastRun' | 'getRun' | 'explain' | 'listNodes' | 'listSettled'
>;

/** A client that asks again while the API does not answer; a run is started once, however often that is. */
export const patient = (client: ApiClient): PatientClient => ({
  startRun: (request) => {
    const key = randomUUID();
    return untilAnswered(() => client.startRun(request, key));
  },
  forecastRun: (request) => untilAnswered(() => client.forecastRun(request)),
  getRun: (id) => untilAnswered(() => client.getRun(id)),
  explain: (id, task) => untilAnswered(() => client.explain(id, task)),
  listNodes: () => untilAnswered(() => client.listNodes()),
  listSettled: (query) => untilAnswered(() => client.listSettled(query)),
});

const untilAnswered = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isAway = error instanceof SignalboxError && error.status === 503;
      if (!isAway || performance.now() > giveUpAtMs) throw error;
      await pause(PAUSE_MS);
    }
  }
};
