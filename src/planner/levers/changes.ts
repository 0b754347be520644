import { type Option, POOLS, type Resources } from '../../domain/index.js';
import { poolsOf, type WaitingTask } from '../cluster/index.js';
import { inForce } from '../cycle/hold.js';
import { portion } from '../cycle/room.js';
import { amountOf, listing } from '../cycle/words.js';
import type { Policy } from '../policy/read.js';

/** Something about a waiting task that could be otherwise, for people: "with priority high". */
export interface Change {
  readonly words: string;
  readonly task: WaitingTask;
}

/** What could be otherwise, by kind; within a kind the mildest change first. */
export const changesTo = (
  task: WaitingTask,
  policy: Policy,
  atMs: number,
): readonly (readonly Change[])[] => [
  moreUrgent(task, policy),
  smaller(task),
  elsewhere(task),
  lessFussy(task),
  unlimited(task, policy),
  released(task, atMs),
];

const moreUrgent = (task: WaitingTask, { classes, order }: Policy): readonly Change[] =>
  order.includes('class')
    ? classes
        .slice(0, classes.indexOf(task.priorityClass))
        .toReversed()
        .map((priorityClass) => ({
          words: `with priority ${priorityClass}`,
          task: { ...task, priorityClass },
        }))
    : [];

/** Half and a quarter of its devices, or of its cores where it has none, and what goes with them. */
const smaller = (task: WaitingTask): readonly Change[] => {
  const kind = task.options[0].request.devices > 0 ? 'devices' : 'cores';
  const before = task.options[0].request[kind];
  return [2, 4].flatMap((divisor) => {
    if (before % divisor !== 0 || before / divisor < 1) return [];
    const words = `with ${amountOf(kind, before / divisor)} instead of ${before}`;
    return [{ words, task: withOptions(task, (option) => divided(option, kind, divisor)) }];
  });
};

const divided = (option: Option, kind: 'devices' | 'cores', divisor: number): Option => {
  const { request } = option;
  if (request[kind] < divisor) return option;
  const parts: Resources =
    kind === 'devices'
      ? portion(request, request.devices / divisor)
      : { ...request, cores: Math.floor(request.cores / divisor) };
  return { ...option, request: { pool: request.pool, ...parts } };
};

const withOptions = (task: WaitingTask, to: (option: Option) => Option): WaitingTask => {
  const [first, ...others] = task.options;
  return { ...task, options: [to(first), ...others.map(to)] };
};

/** The same hardware of another pool as well. */
const elsewhere = (task: WaitingTask): readonly Change[] => {
  const [first, ...others] = task.options;
  const listed = poolsOf(task);
  return POOLS.filter((pool) => !listed.includes(pool)).map((pool): Change => {
    const option = { ...first, request: { ...first.request, pool } };
    return {
      words: `if it could run in pool ${pool} too`,
      task: { ...task, options: [first, ...others, option] },
    };
  });
};

const placedOtherwise = (task: WaitingTask, over: Partial<WaitingTask['placement']>): WaitingTask => ({
  ...task,
  placement: { ...task.placement, ...over },
});

const lessFussy = (task: WaitingTask): readonly Change[] => {
  const { pin, ...free } = task;
  const { labels, apart } = task.placement;
  const wanted = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return [
    ...(pin ? [{ words: `if it were not pinned to ${pin.nodeId}`, task: free }] : []),
    ...(wanted.length > 0
      ? [{ words: `without asking for ${listing(wanted)}`, task: placedOtherwise(task, { labels: {} }) }]
      : []),
    ...(apart.length > 0
      ? [
          {
            words: `without keeping apart from ${listing(apart)}`,
            task: placedOtherwise(task, { apart: [] }),
          },
        ]
      : []),
  ];
};

const unlimited = (task: WaitingTask, { limits }: Policy): readonly Change[] => {
  const names = Object.keys(task.placement.limits).filter((name) => limits[name] !== undefined);
  if (names.length === 0) return [];
  const words = `without the ${names.length === 1 ? 'limit' : 'limits'} ${listing(names)}`;
  return [{ words, task: placedOtherwise(task, { limits: {} }) }];
};

const released = (task: WaitingTask, atMs: number): readonly Change[] =>
  task.holds.some((held) => inForce(held, atMs))
    ? [{ words: 'if nothing held it', task: { ...task, holds: [] } }]
    : [];
