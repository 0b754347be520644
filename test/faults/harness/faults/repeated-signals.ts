import type { PreemptSignal } from '../../../../src/domain/index.js';
import { type Said, saidTo } from '../checks/history.js';
import type { Fault } from './fault.js';
import { onSomeRun } from './victim.js';

/** At most so many at once: they are small, but each is an event of the run's history. */
const MOST = 24;

/**
 * What a run was told is told again, twice and in any order; with it requests to make room that name a fencing number from
 * before. All of it is late: none may have any effect.
 */
export const repeatedSignals: Fault = {
  kind: 'signals-repeated',
  lane: 'work',
  inject: (scene) =>
    onSomeRun(scene, 'a run that was told something', async ({ id }) => {
      const { world, chance } = scene;
      const handle = world.client.workflow.getHandle(id);
      const said = saidTo((await handle.fetchHistory()).events ?? []);
      const late = [...said, ...said.flatMap(outdated)];
      if (late.length === 0) throw new Error('it was told nothing yet');
      const signals = chance.shuffled([...late, ...late]).slice(0, MOST);
      await Promise.all(signals.map(({ name, payload }) => handle.signal(name, payload)));
      return `${signals.length} late signals to ${id}`;
    }),
};

/** The same lease under a fencing number that it never had. */
const outdated = ({ name, payload }: Said): Said[] => {
  if (name !== 'grant') return [];
  const { id, fencing } = payload.lease;
  return [
    {
      name: 'preempt',
      payload: { leaseId: id, fencing: fencing - 1, reason: 'a late signal' } satisfies PreemptSignal,
    },
  ];
};
