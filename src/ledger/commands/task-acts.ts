import {
  type Act,
  type ActAnswer,
  type NodeId,
  type RunId,
  type RunSpec,
  type TaskKey,
  type TaskOrder,
  taskName,
} from '../../domain/index.js';
import { count, listing } from '../../planner/index.js';
import { NO_ORDERS, type Orders, type RunRow, type TaskRow } from '../rows/index.js';
import type { Draft } from '../state/draft.js';
import type { Command } from '../state/group-commit.js';
import { nodeOf } from './node-acts.js';
import { refuseMisfit } from './pin-fit.js';
import { order, withOpenRun } from './run-acts.js';
import { namedTask } from './task-names.js';

/**
 * A person acts on a task of a run, or on an item of its fan-out, at any time: what they order is for every attempt that has not
 * begun. A fan-out's name means all its items, also those to come. Throws `not-found`, `run-over`, and `never-fits` for a pin.
 */
export const actOnTask = (runId: RunId, key: TaskKey, what: TaskOrder, act: Act): Command<ActAnswer> => {
  let spec: RunSpec | undefined;
  const command = withOpenRun(runId, (draft, run) => {
    const on: Target = { draft, run, key, act, spec: spec as RunSpec };
    namedTask(on.spec, key);
    switch (what.act) {
      case 'hold':
        return hold(on);
      case 'release':
        return release(on);
      case 'pin':
        return pin(on, what.nodeId);
      case 'unpin':
        return unpin(on);
    }
  });
  return {
    async prepare(database, image) {
      await command.prepare?.(database, image);
      const { db } = database;
      const found = await db.selectFrom('specs').select('spec').where('runId', '=', runId).executeTakeFirst();
      if (found !== undefined) spec = JSON.parse(found.spec) as RunSpec;
    },
    apply: command.apply,
  };
};

interface Target {
  readonly draft: Draft;
  readonly run: RunRow;
  readonly key: TaskKey;
  readonly act: Act;
  readonly spec: RunSpec;
}

const hold = (on: Target): ActAnswer => {
  const { draft, key, act } = on;
  const { holds } = ordersOf(on);
  const before = holds[key] ?? null;
  if (before !== null && isSame(before, act))
    return { changed: false, sentence: `${key} was held so already.` };
  if (isDone(on)) return { changed: false, sentence: `${key} has ended: there is nothing left to hold.` };
  const after = { ...act, atMs: before?.atMs ?? draft.atMs };
  record(on, 'hold', before, after, { holds: { ...holds, [key]: after } });
  return { changed: true, sentence: `${key} is held until somebody releases it.${goingOn(on, 'hold')}` };
};

const release = (on: Target): ActAnswer => {
  const { holds } = ordersOf(on);
  const { [on.key]: before, ...rest } = holds;
  if (before === undefined) return { changed: false, sentence: notItself(on, holds, 'held') };
  record(on, 'release', before, null, { holds: rest });
  return { changed: true, sentence: `${on.key} is held no more.${stillItself(on, rest, 'held')}` };
};

const pin = (on: Target, nodeId: NodeId): ActAnswer => {
  const { draft, key, act, spec } = on;
  const node = nodeOf(draft, nodeId);
  refuseMisfit(attemptsOf(on), spec, key, node);
  const { pins } = ordersOf(on);
  const before = pins[key] ?? null;
  if (before !== null && before.nodeId === nodeId && isSame(before, act))
    return { changed: false, sentence: `${key} was pinned so already.` };
  if (isDone(on)) return { changed: false, sentence: `${key} has ended: there is nothing left to pin.` };
  const after = { ...act, nodeId, pool: node.pool, atMs: draft.atMs };
  record(on, 'pin', before, after, { pins: { ...pins, [key]: after } });
  const state = node.state === 'active' ? '' : ` ${nodeId} is ${node.state} now: it waits until that ends.`;
  const sentence = `${key} goes to ${nodeId} and nowhere else.${state}${goingOn(on, 'pin')}`;
  return { changed: true, sentence };
};

const unpin = (on: Target): ActAnswer => {
  const { pins } = ordersOf(on);
  const { [on.key]: before, ...rest } = pins;
  if (before === undefined) return { changed: false, sentence: notItself(on, pins, 'pinned') };
  record(on, 'unpin', before, null, { pins: rest });
  return { changed: true, sentence: `${on.key} is pinned no more.${stillItself(on, rest, 'pinned')}` };
};

const ordersOf = ({ run }: Target): Orders => run.orders ?? NO_ORDERS;

const isSame = (a: Act, b: Act): boolean => a.by === b.by && a.reason === b.reason;

const record = (
  { draft, run, key, act }: Target,
  name: TaskOrder['act'],
  before: unknown,
  after: unknown,
  orders: Partial<Orders>,
): void => {
  order(draft, run, orders);
  const detail = { act: name, ...act, before, after };
  draft.event({ kind: 'act', runId: run.runId, taskKey: key, detail });
};

/** All attempts that an act on the key is about. */
const attemptsOf = ({ draft, run, key }: Target): readonly TaskRow[] =>
  draft.image.tasksOf(run.runId).filter(({ taskKey }) => taskKey === key || taskName(taskKey) === key);

const DONE = new Set<TaskRow['state']>(['succeeded', 'reused', 'rejected', 'withdrawn']);

/** Whether nothing of the task can start any more. Of a fan-out nobody knows what is to come. */
const isDone = (on: Target): boolean => {
  const attempts = attemptsOf(on);
  const newest = attempts.toSorted((a, b) => b.attempt - a.attempt)[0];
  return (
    newest !== undefined && attempts.every(({ taskKey }) => taskKey === on.key) && DONE.has(newest.state)
  );
};

/** What of it runs, and is not touched. */
const goingOn = (on: Target, what: 'hold' | 'pin'): string => {
  const running = attemptsOf(on).filter(({ state }) => state === 'running').length;
  if (running === 0) return '';
  const which = running === 1 ? 'One attempt of it runs on' : `${count(running, 'attempt')} of it run on`;
  return ` ${which}: the ${what} is for what starts after that.`;
};

const notItself = ({ run, key }: Target, of: Readonly<Record<string, Act>>, what: string): string => {
  const name = taskName(key);
  const whole = name === key ? undefined : of[name];
  if (whole === undefined) return `${key} was not ${what}.${stillItself({ key }, of, what)}`;
  const undo = what === 'held' ? 'release' : 'unpin';
  return `${key} is ${what} with all of ${name}, by ${whole.by}: \`signalbox ${undo} ${run.runId} ${name}\`.`;
};

/** Items that are held or pinned by themselves, beside what their task's name stands for. */
const stillItself = (
  { key }: Pick<Target, 'key'>,
  of: Readonly<Record<string, Act>>,
  what: string,
): string => {
  const items = Object.keys(of).filter((other) => other !== key && taskName(other as TaskKey) === key);
  return items.length === 0
    ? ''
    : ` By themselves ${listing(items)} ${items.length === 1 ? 'is' : 'are'} still ${what}.`;
};
