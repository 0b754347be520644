import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from './chance.js';
import type { Fault, Scene } from './faults/fault.js';

/** What was injected, by kind, and what could not be. */
export interface Injected {
  readonly byKind: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

/** Between two faults of one lane, so that some work gets done. */
const PAUSE_MS = { least: 500, most: 3_000 };

/**
 * Injects every kind of fault once per round, in an order of chance: two lanes side by side, so that faults of the services and
 * faults of the work overlap. After the last round further ones follow until the time is over.
 */
export const injectFaults = async (
  faults: readonly Fault[],
  scene: Omit<Scene, 'chance'>,
  chance: Chance,
  { rounds, minutes }: { readonly rounds: number; readonly minutes: number },
): Promise<Injected> => {
  const byKind: Record<string, number> = {};
  const failures: string[] = [];
  const untilMs = performance.now() + minutes * 60_000;

  const inject = async (fault: Fault, own: Chance): Promise<void> => {
    const beganMs = performance.now();
    try {
      const what = await fault.inject({ ...scene, chance: own });
      byKind[fault.kind] = (byKind[fault.kind] ?? 0) + 1;
      scene.world.say(`${fault.kind}: ${what} (${Math.round(performance.now() - beganMs)} ms)`);
    } catch (error) {
      failures.push(`${fault.kind} could not be injected: ${error instanceof Error ? error.message : error}`);
    }
  };
  const lane = async (name: Fault['lane'], own: Chance): Promise<void> => {
    const mine = faults.filter((fault) => fault.lane === name);
    for (let round = 0; round < rounds || performance.now() < untilMs; round++) {
      for (const fault of own.shuffled(mine)) {
        await delay(own.between(PAUSE_MS.least, PAUSE_MS.most));
        await inject(fault, own.branch());
      }
      if (mine.length === 0) return;
    }
  };
  await Promise.all([lane('services', chance.branch()), lane('work', chance.branch())]);
  return { byKind, failures };
};
