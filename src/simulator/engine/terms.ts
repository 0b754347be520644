import {
  ANYWHERE,
  type Forecast,
  type Option,
  type Placement,
  type Pool,
  type PriorityClass,
} from '../../domain/index.js';
import { type Admission, admit, type Held, heldBy, type Policy } from '../../planner/index.js';
import { taskFacts } from '../workload/facts.js';
import type { SimRun, SimTask } from '../workload/types.js';

/** On what terms an attempt waits: what its task asks for, as the policy's rules, windows and holds change it. */
export interface Terms {
  readonly options: readonly [Option, ...Option[]];
  readonly placement: Placement;
  readonly priorityClass: PriorityClass;
  readonly holds: readonly Held[];
}

/** Settles an attempt that becomes ready, as the ledger does live. */
export const termsOf = (
  run: SimRun,
  task: SimTask,
  forecast: Forecast,
  policy: Policy,
  atMs: number,
): Terms => {
  const admission = admit(taskFacts(run, task, forecast, atMs), policy, atMs);
  return {
    options: optionsFor(task.pool, task.resources, admission),
    placement: placementFor(task.spans, admission),
    priorityClass: admission.priorityClass ?? run.priorityClass,
    holds: heldBy(admission, policy, atMs, atMs),
  };
};

/** A rule names the pools instead of the task: the same hardware there. */
const optionsFor = (
  own: Pool,
  resources: SimTask['resources'],
  { pools }: Admission,
): readonly [Option, ...Option[]] => {
  const [first, ...others] = (pools ?? [own]).map((pool) => ({ request: { pool, ...resources }, speed: 1 }));
  return [first ?? { request: { pool: own, ...resources }, speed: 1 }, ...others];
};

const SPANNING: Placement = { ...ANYWHERE, spans: true };

const placementFor = (spans: boolean, { labels }: Admission): Placement => {
  const plain = spans ? SPANNING : ANYWHERE;
  return Object.keys(labels).length === 0 ? plain : { ...plain, labels };
};
