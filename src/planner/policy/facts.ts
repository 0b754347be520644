import { createCompiler, toCel } from '../../domain/cel/index.js';
import { didYouMean } from '../../domain/document/index.js';
import { type Features, POOLS, type Pool, PRIORITY_CLASSES, type PriorityClass } from '../../domain/index.js';

/** What a policy's conditions may read of a task, as `task.NAME`; fixed when the task becomes ready. */
export interface TaskFacts {
  readonly pipeline: string;
  readonly name: string;
  readonly tenant: string;
  /** The class and the pool that the task asks for, before any rule. */
  readonly priority: PriorityClass;
  readonly pool: Pool;
  readonly devices: number;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly slots: number;
  /** The forecast of its runtime, and how many settled attempts stand behind it. */
  readonly p50Seconds: number;
  readonly p90Seconds: number;
  readonly attempts: number;
  readonly hasDeadline: boolean;
  /** From when it became ready; 0 where there is none. */
  readonly deadlineSeconds: number;
  /** Labels that it asks of its node. */
  readonly labels: Readonly<Record<string, string>>;
  readonly features: Features;
}

/** The fields with their CEL types. */
const FIELDS = {
  pipeline: 'string',
  name: 'string',
  tenant: 'string',
  priority: 'string',
  pool: 'string',
  devices: 'int',
  cores: 'double',
  memoryGiB: 'double',
  slots: 'int',
  p50Seconds: 'double',
  p90Seconds: 'double',
  attempts: 'int',
  hasDeadline: 'bool',
  deadlineSeconds: 'double',
  labels: 'map<string, string>',
  features: 'map<string, dyn>',
} as const satisfies Readonly<Record<keyof TaskFacts, string>>;

/** Far more than any condition needs, and with a hundred of them under 10 ms: every ready task is asked. */
const MAX_COST = 2_000;

/** The fields whose values are known beforehand, with these values. */
export const CHOICES = { pool: POOLS, priority: PRIORITY_CLASSES, hasDeadline: [false, true] } as const;

/** Compiles a condition on `task`. Throws where it is none; see `why`. */
export const compileCondition = createCompiler({
  names: ['task'],
  maxCost: MAX_COST,
  declare(environment) {
    environment.registerVariable({ name: 'task', schema: FIELDS });
    environment.registerOperator('double == int: bool', (a: number, b: bigint) => a === Number(b));
  },
  refuse: ([, field]) => {
    const fields = Object.keys(FIELDS);
    if (field === undefined)
      return `task stands alone; name a field: ${fields.map((name) => `task.${name}`).join(', ')}`;
    if (fields.includes(field)) return undefined;
    return `unknown field "task.${field}"; there are ${fields.join(', ')}${didYouMean(field, fields)}`;
  },
});

/** A task's facts as conditions see them. */
export const visible = (facts: TaskFacts): ReadonlyMap<string, unknown> => {
  const task = toCel(facts) as Map<string, unknown>;
  for (const [field, type] of Object.entries(FIELDS))
    if (type === 'int') task.set(field, BigInt(Math.round(Number(task.get(field)))));
  return new Map([['task', task]]);
};

const TYPICAL: TaskFacts = {
  pipeline: 'nightly',
  name: 'train',
  tenant: 'default',
  priority: 'normal',
  pool: 'gpu',
  devices: 1,
  cores: 1,
  memoryGiB: 1,
  slots: 1,
  p50Seconds: 60,
  p90Seconds: 120,
  attempts: 1,
  hasDeadline: false,
  deadlineSeconds: 0,
  labels: {},
  features: {},
};

/** A task for each combination of what is known beforehand. */
export const combinations = (): readonly TaskFacts[] =>
  CHOICES.pool.flatMap((pool) =>
    CHOICES.priority.flatMap((priority) =>
      CHOICES.hasDeadline.map((hasDeadline) => ({ ...TYPICAL, pool, priority, hasDeadline })),
    ),
  );
