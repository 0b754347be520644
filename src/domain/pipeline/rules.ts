import { member } from '../document/json-schema.js';
import { gather, type Mistake, type Path } from '../document/mistakes.js';
import { nearest } from '../document/suggest.js';
import { shown } from '../document/values.js';
import type { JsonValue } from '../json.js';
import { MAX_TASKS } from '../run.js';
import { durationSeconds } from './amounts.js';
import type { Draft, DraftTask } from './draft.js';
import { cyclesOf } from './graph.js';
import { poolOf } from './request.js';
import type { Task } from './schema.js';
import { isOfType, PARAMETER_TYPES, type ParameterType, typeInWords } from './values.js';

/** What no schema can say: how tasks, parameters and amounts fit together. */
export const checkRules = (draft: Draft): readonly Mistake[] => [
  ...checkCycles(draft),
  ...gather(draft.tasks.values(), (task) => [
    ...checkNeeds(task, draft),
    ...checkHandlers(task, draft),
    ...checkStandingBy(task, draft),
    ...checkResources(task.raw as Place, ['tasks', task.name]),
    ...checkPlacement(task),
    ...checkTimes(task),
  ]),
  ...gather(draft.parameters, ([name, parameter]) => checkParameter(name, parameter)),
];

/** Whether there are tasks, and no more than a document may have. */
export const checkCount = ({ tasks }: Draft, document: unknown): readonly Mistake[] => {
  const path = ['tasks'];
  if (tasks.size > MAX_TASKS)
    return [
      {
        path,
        at: 'key',
        message: `${tasks.size} tasks; ${MAX_TASKS} is the most`,
        mend: 'use forEach for tasks that are alike',
      },
    ];
  const given = member(document, 'tasks');
  const empty = isOfType(given as JsonValue, 'object') && tasks.size === 0;
  return empty ? [{ path, message: 'there are no tasks', mend: 'add at least one' }] : [];
};

const checkCycles = ({ tasks }: Draft): readonly Mistake[] => {
  const needs = new Map([...tasks].map(([name, task]) => [name, task.needs.filter((need) => need !== null)]));
  return cyclesOf(needs).map((cycle) => ({
    path: ['tasks', cycle[0] ?? '', 'needs'],
    message: `cycle: ${[...cycle, cycle[0]].join(' needs ')}`,
    mend: 'remove one of these needs',
  }));
};

const checkNeeds = ({ name, needs }: DraftTask, draft: Draft): readonly Mistake[] =>
  gather(needs.entries(), ([i, need]) => {
    const path: Path = ['tasks', name, 'needs', i];
    if (need === null) return [];
    const handler = draft.handlers.get(need);
    if (!draft.tasks.has(need)) return [unknownTask(need, path, draft)];
    if (handler)
      return [
        {
          path,
          message: `"${need}" only stands by as the ${noun(handler.kind)} of "${handler.of}"`,
          mend: `need ${handler.of} instead`,
        },
      ];
    if (needs.indexOf(need) < i) return [{ path, message: `"${need}" is named twice`, mend: 'name it once' }];
    return [];
  });

/** A name that no task has. */
export const unknownTask = (name: string, path: Path, { tasks }: Draft): Mistake => {
  const names = [...tasks.keys()];
  const meant = nearest(name, names);
  const listed = names.length > 10 ? `${names.slice(0, 10).join(', ')}, …` : names.join(', ');
  return {
    path,
    message: `unknown task "${name}"`,
    mend: meant ? `did you mean ${meant}?` : `name one of ${listed}`,
  };
};

const noun = (kind: 'fallback' | 'compensate'): string => (kind === 'fallback' ? 'fallback' : 'compensation');

const checkHandlers = ({ name, fallback, compensate }: DraftTask, draft: Draft): readonly Mistake[] =>
  (
    [
      ['fallback', fallback],
      ['compensate', compensate],
    ] as const
  ).flatMap(([kind, handler]): Mistake[] => {
    const path: Path = ['tasks', name, 'onFailure', kind];
    if (handler === undefined) return [];
    if (handler === name)
      return [{ path, message: `"${name}" cannot stand by for itself`, mend: 'name another task' }];
    const claim = draft.handlers.get(handler);
    if (!draft.tasks.has(handler)) return [unknownTask(handler, path, draft)];
    if (claim?.of === name && claim.kind === kind) return [];
    return [
      {
        path,
        message: `"${handler}" is already the ${claim ? noun(claim.kind) : 'handler'} of "${claim?.of}"`,
        mend: 'give each a task of its own',
      },
    ];
  });

/** A task that stands by starts when it is called for, with the item of the task it stands by for. */
const checkStandingBy = ({ name, raw }: DraftTask, draft: Draft): readonly Mistake[] => {
  const handler = draft.handlers.get(name);
  if (!handler) return [];
  return (['needs', 'when', 'forEach', 'onFailure'] as const)
    .filter((key) => Object.hasOwn(raw, key))
    .map((key) => ({
      path: ['tasks', name, key],
      at: 'key',
      message: `"${name}" stands by as the ${noun(handler.kind)} of "${handler.of}", so it has no ${key} of its own`,
      mend: `remove ${key}`,
    }));
};

type Place = Pick<Task, 'pool' | 'resources'>;

/** The other places are checked like its own; what it wants to be near and apart from must not be the same. */
const checkPlacement = ({ name, raw }: DraftTask): readonly Mistake[] => {
  const path = ['tasks', name, 'placement'];
  const pools = member(raw.placement, 'pools');
  const [near, apart] = [member(raw.placement, 'near'), member(raw.placement, 'apart')];
  const places = Array.isArray(pools) ? pools : [];
  return [
    ...places.flatMap((place, index) =>
      isOfType(place, 'object') ? checkResources(place as Place, [...path, 'pools', index]) : [],
    ),
    ...(Array.isArray(near) && Array.isArray(apart) ? near : []).flatMap((tag, index) =>
      (apart as unknown[]).includes(tag)
        ? [
            {
              path: [...path, 'near', index],
              message: `"${tag}" is under apart too`,
              mend: 'name it under one of them',
            },
          ]
        : [],
    ),
  ];
};

const checkResources = ({ pool, resources }: Place, place: Path): readonly Mistake[] => {
  const at = (key: string): Path => [...place, 'resources', key];
  const { gpu, cpu, slots, memoryBytes } = resources ?? {};
  const mistakes: Mistake[] = [];
  if ((pool === 'cpu' || pool === 'io') && Number(gpu) > 0)
    mistakes.push({
      path: at('gpu'),
      message: `the ${pool} pool has no devices`,
      mend: 'use pool: gpu, or remove gpu',
    });
  if (pool === 'gpu' && gpu === 0)
    mistakes.push({
      path: at('gpu'),
      message: 'a gpu task without a device',
      mend: 'ask for at least 1, or use pool: cpu',
    });
  if (slots !== undefined && poolOf({ pool, resources }) !== 'io')
    mistakes.push({
      path: at('slots'),
      message: 'only the io pool has slots',
      mend: 'use pool: io, or remove slots',
    });
  if (poolOf({ pool, resources }) === 'cpu' && cpu === 0 && memoryBytes === undefined)
    mistakes.push({
      path: at('cpu'),
      message: 'asks for no hardware at all',
      mend: 'ask for at least 1 core, or leave cpu out',
    });
  if (pool === 'io' && slots === 0 && !cpu && memoryBytes === undefined)
    mistakes.push({
      path: at('slots'),
      message: 'asks for no hardware at all',
      mend: 'ask for at least 1 slot, or leave slots out',
    });
  return mistakes;
};

const checkTimes = ({ name, raw }: DraftTask): readonly Mistake[] => {
  const seconds = (value: unknown): number =>
    typeof value === 'number' || typeof value === 'string' ? durationSeconds(value) : Number.NaN;
  const mistakes: Mistake[] = [];
  if (seconds(raw.estimate) > seconds(raw.timeout ?? '24h'))
    mistakes.push({
      path: ['tasks', name, 'estimate'],
      message: `longer than the timeout, ${raw.timeout ?? '24h'}`,
      mend: 'give a longer timeout, or a shorter estimate',
    });
  const [initial, max] = [member(raw.retry, 'initialDelay'), member(raw.retry, 'maxDelay')];
  if (seconds(initial ?? '1s') > seconds(max ?? '5m'))
    mistakes.push({
      path: ['tasks', name, 'retry', initial === undefined ? 'maxDelay' : 'initialDelay'],
      message: `the first wait, ${initial ?? '1s'}, is longer than the longest, ${max ?? '5m'}`,
      mend: 'give initialDelay <= maxDelay',
    });
  return mistakes;
};

const checkParameter = (name: string, raw: Readonly<Record<string, unknown>>): readonly Mistake[] => {
  const type = raw.type as ParameterType;
  if (!PARAMETER_TYPES.includes(type)) return [];
  const allowed = Array.isArray(raw.enum) ? (raw.enum as JsonValue[]) : undefined;
  const given = raw.default as JsonValue | undefined;
  const wrong = (value: JsonValue, path: Path): Mistake[] =>
    isOfType(value, type)
      ? []
      : [
          {
            path,
            message: `${shown(value)} is not ${typeInWords(type)}`,
            mend: `give ${typeInWords(type)}, or change the type`,
          },
        ];
  const path = ['parameters', name];
  const mistakes = gather((allowed ?? []).entries(), ([i, value]) => wrong(value, [...path, 'enum', i]));
  if (given === undefined) return mistakes;
  const mistyped = wrong(given, [...path, 'default']);
  if (mistyped.length === 0 && allowed && !allowed.includes(given))
    mistyped.push({
      path: [...path, 'default'],
      message: `${shown(given)} is not among the values allowed`,
      mend: `give one of ${allowed.join(', ')}`,
    });
  return [...mistakes, ...mistyped];
};
