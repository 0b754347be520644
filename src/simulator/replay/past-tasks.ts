import { shortages, type TaskKey, taskName } from '../../domain/index.js';
import type { Fleet, SimTask } from '../workload/types.js';
import { heldSeconds, type PastAttempt, type PastRun } from './past.js';

/** Seconds; a task takes some time, whatever the clocks of two machines say. */
const SHORTEST = 0.001;

/**
 * The work that a past run's tasks demanded, to be scheduled anew: attempts that ended by themselves one after the other, so
 * that what failed fails again and what came after it waits for the last one.
 */
export const tasksOf = ({ attempts, needs }: PastRun, fleet: Fleet): readonly SimTask[] => {
  const tasks: SimTask[] = [];
  const last = new Map<string, Map<string, number>>();
  for (const [key, chain] of byKey(attempts)) {
    const name = nameOf(key);
    const own = last.get(name) ?? new Map<string, number>();
    last.set(name, own);
    workOf(chain).forEach((work, i) => {
      const before = own.get(key);
      const needed = before === undefined ? endsBefore(name, needs, last) : [before];
      own.set(key, tasks.length);
      tasks.push(simTask(i === 0 ? key : `${key}#${i + 1}`, work, needed, fleet));
    });
  }
  return tasks;
};

const nameOf = (key: string): string => taskName(key as TaskKey);

const byKey = (attempts: readonly PastAttempt[]): ReadonlyMap<string, readonly PastAttempt[]> => {
  const groups = new Map<string, PastAttempt[]>();
  for (const attempt of attempts) {
    const group = groups.get(attempt.key);
    if (group === undefined) groups.set(attempt.key, [attempt]);
    else group.push(attempt);
  }
  return groups;
};

interface Work {
  readonly attempt: PastAttempt;
  readonly seconds: number;
}

/** What gave way went on in the next attempt, so its time counts there; what was lost was done again, so it does not count. */
const workOf = (chain: readonly PastAttempt[]): readonly Work[] => {
  const work: Work[] = [];
  let kept = 0;
  chain.forEach((attempt, i) => {
    const seconds = kept + heldSeconds(attempt);
    const goesOn = i < chain.length - 1;
    kept = goesOn && attempt.outcome === 'preempted' ? seconds : 0;
    if (!goesOn || attempt.outcome === 'succeeded' || attempt.outcome === 'failed')
      work.push({ attempt, seconds });
  });
  return work;
};

/** The last tasks of all that a task needs; of one that held nothing (its result was there already) what that needed. */
const endsBefore = (
  name: string,
  needs: PastRun['needs'],
  last: ReadonlyMap<string, ReadonlyMap<string, number>>,
): readonly number[] => {
  const found = new Set<number>();
  const names = new Set(needs[name]);
  for (const need of names) {
    const ends = last.get(need);
    for (const end of ends?.values() ?? []) found.add(end);
    if (ends === undefined) for (const further of needs[need] ?? []) names.add(further);
  }
  return [...found].sort((a, b) => a - b);
};

const simTask = (
  name: string,
  { attempt, seconds }: Work,
  needs: readonly number[],
  fleet: Fleet,
): SimTask => {
  const { pool, ...resources } = attempt.request;
  return {
    name,
    type: nameOf(attempt.key),
    pool,
    resources,
    runSeconds: Math.max(SHORTEST, seconds),
    features: attempt.features,
    needs,
    spans: !fleet.nodes.some(
      (node) => node.pool === pool && shortages(resources, node.capacity).length === 0,
    ),
  };
};
