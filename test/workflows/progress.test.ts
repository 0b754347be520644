import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pipelineSchema, runId, type TaskError } from '../../src/domain/index.js';
import { type Instance, isOver, type Part } from '../../workflows/graph.js';
import type { PipelineInput, Stop } from '../../workflows/input.js';
import { Progress } from '../../workflows/progress.js';

const noop = { run: { function: 'noop' } };
const failed: TaskError = { code: 'exit-1', message: 'exit 1' };

/** A run's progress with a driver that only notes what it was asked. */
const aRun = (tasks: Record<string, object>, more: Partial<PipelineInput> = {}) => {
  const pipeline = pipelineSchema.parse({
    apiVersion: 'signalbox/v1',
    name: 'test',
    parameters: { n: { type: 'integer', default: 3 } },
    tasks: Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, { ...noop, ...task }])),
  });
  const input: PipelineInput = {
    ...{ runId: runId('test-1'), pipeline, params: { n: 3 }, priorityClass: 'normal', tenant: 'default' },
    ...more,
  };
  const asked = {
    waits: [] as (() => void)[],
    delays: [] as number[],
    parts: [] as Part[],
    stops: [] as Stop[],
  };
  const progress = new Progress(input, {
    after: (delayMs, then) => {
      asked.delays.push(delayMs);
      asked.waits.push(then);
    },
    startPart: (part) => void asked.parts.push(part),
    stopRunning: (stop) => void asked.stops.push(stop),
    now: () => 0,
  });
  if (input.carried === undefined) progress.begin();
  else progress.resume(input.carried);
  const take = (): Instance[] => {
    const started = progress.queue.splice(0);
    for (const instance of started) instance.state = 'running';
    return started;
  };
  const find = (key: string) => progress.graph.find(key as never) as Instance;
  return { progress, asked, take, find, keys: () => take().map(({ key }) => key as string) };
};

describe('the graph', () => {
  test('a task starts when all it needs have succeeded', () => {
    const { progress, keys, find } = aRun({ a: {}, b: {}, c: { needs: ['a', 'b'] } });
    expect(keys()).toEqual(['a', 'b']);
    progress.succeed(find('a'), {});
    expect(keys()).toEqual([]);
    progress.succeed(find('b'), {});
    expect(keys()).toEqual(['c']);
  });

  test('a task whose condition is false is skipped, and so is what needs nothing else', () => {
    const { progress, keys, find } = aRun({
      a: { when: 'params.n > 5' },
      b: { needs: ['a'] },
      c: {},
      d: { needs: ['b', 'c'] },
    });
    expect(keys()).toEqual(['c']);
    expect([find('a').state, progress.scope.tasks.b?.status]).toEqual(['skipped', 'skipped']);
    progress.succeed(find('c'), {});
    expect(keys()).toEqual(['d']);
  });

  test('a condition that cannot be told fails its task and names the expression', () => {
    const { progress, find } = aRun({ a: { when: 'params.n' } });
    expect(find('a').state).toBe('failed');
    expect(progress.stop?.message).toContain('params.n');
  });

  test('a fan-out over an earlier output runs once per item, and its outputs are lists', () => {
    const { progress, keys, find } = aRun({
      list: {},
      each: { needs: ['list'], forEach: '${{ tasks.list.outputs.names }}' },
      last: { needs: ['each'] },
    });
    keys();
    progress.succeed(find('list'), { names: ['x', 'y'] });
    expect(keys()).toEqual(['each[0]', 'each[1]']);
    progress.succeed(find('each[1]'), { v: 2 });
    progress.succeed(find('each[0]'), { v: 1 });
    expect(progress.scope.tasks.each).toMatchObject({
      outputs: { v: [1, 2] },
      items: [{ item: 'x' }, { item: 'y' }],
    });
    expect(keys()).toEqual(['last']);
  });

  test('a fan-out over nothing succeeds at once', () => {
    const { keys } = aRun({ each: { forEach: [] }, last: { needs: ['each'] } });
    expect(keys()).toEqual(['last']);
  });

  test('a fan-out over more than 200 items is cut into slices for children', () => {
    const { asked, keys } = aRun({ each: { forEach: Array.from({ length: 450 }, (_, i) => i) } });
    expect(keys()).toEqual([]);
    expect(asked.parts.map(({ offset, items }) => [offset, items.length])).toEqual([
      [0, 200],
      [200, 200],
      [400, 50],
    ]);
  });
});

describe('failure', () => {
  test('a failed attempt is tried again after a growing pause, up to its attempts', () => {
    const retry = { attempts: 3, initialDelay: '2s', factor: 3, maxDelay: '5s' };
    const { progress, asked, keys, find } = aRun({ a: { retry } });
    for (const attempt of [1, 2]) {
      keys();
      progress.fail(find('a'), failed);
      expect(find('a')).toMatchObject({ state: 'backing-off', attempt });
      asked.waits.pop()?.();
    }
    expect(asked.delays).toEqual([2_000, 5_000]);
    keys();
    progress.fail(find('a'), failed);
    expect(find('a').state).toBe('failed');
    expect(progress.stop).toMatchObject({ kind: 'failed', code: 'exit-1' });
  });

  test.each([
    ['its code is named as final', { attempts: 5, final: ['exit-1'] }, failed],
    ['the worker calls it final', { attempts: 5 }, { ...failed, final: true }],
  ])('a failure is not tried again when %s', (_, retry, error) => {
    const { progress, keys, find } = aRun({ a: { retry } });
    keys();
    progress.fail(find('a'), error);
    expect(find('a').state).toBe('failed');
  });

  test('after a failure nothing new starts, and what runs may end', () => {
    const { progress, asked, keys, find } = aRun({ a: {}, b: {}, c: { needs: ['b'] } });
    keys();
    progress.fail(find('a'), failed);
    expect(asked.stops).toHaveLength(1);
    progress.succeed(find('b'), {});
    expect(keys()).toEqual([]);
    expect(progress.graph.isDone).toBe(true);
  });

  test('where one task cannot be rendered, none that opens beside it starts', () => {
    const { progress, keys, find } = aRun({
      bad: { run: { function: 'noop', input: '${{ 1 / (params.n - 3) }}' } },
      good: {},
    });
    expect([progress.stop?.kind, keys()]).toEqual(['failed', []]);
    expect([progress.graph.isDone, find('good').state]).toEqual([true, 'cancelled']);
  });

  test('no slice of a fan-out starts beside a task that cannot be rendered', () => {
    const { progress, asked, find } = aRun({
      a: { run: { function: 'noop', input: '${{ 1 / (params.n - 3) }}' } },
      fan: { forEach: '${{ range(201) }}' },
    });
    expect([progress.stop?.kind, asked.parts]).toEqual(['failed', []]);
    expect([progress.graph.isDone, find('fan[200]').state]).toEqual([true, 'cancelled']);
  });

  test("a fallback stands in for the failed task: its outputs are the task's", () => {
    const { progress, keys, find } = aRun({
      a: { onFailure: { fallback: 'plan-b' } },
      'plan-b': { run: { function: 'noop', input: '${{ tasks.a.error.code }}' } },
      c: { needs: ['a'], run: { function: 'noop', input: '${{ tasks.a.outputs.v }}' } },
    });
    expect(keys()).toEqual(['a']);
    progress.fail(find('a'), failed);
    expect(progress.taskRun(find('plan-b'))).toMatchObject({ input: 'exit-1' });
    expect(keys()).toEqual(['plan-b']);
    progress.succeed(find('plan-b'), { v: 7 });
    expect(progress.taskRun(find('c'))).toMatchObject({ input: 7 });
    expect(progress.stop).toBeNull();
  });

  test('completed tasks are undone in reverse order, one after the other', () => {
    const { progress, keys, find } = aRun({
      a: { onFailure: { compensate: 'undo-a' } },
      b: { needs: ['a'], onFailure: { compensate: 'undo-b' } },
      c: { needs: ['b'] },
      'undo-a': {},
      'undo-b': {},
    });
    for (const key of ['a', 'b']) {
      keys();
      progress.succeed(find(key), {});
    }
    keys();
    progress.fail(find('c'), failed);
    const undone: string[] = [];
    while (progress.undoNext()) {
      const [key] = keys();
      undone.push(key as string);
      progress.succeed(find(key as string), {});
    }
    expect(undone).toEqual(['undo-b', 'undo-a']);
  });

  test('a task that its stand-in did is undone like one that did it itself, and may read what was done', () => {
    const { progress, keys, find } = aRun({
      a: { onFailure: { fallback: 'plan-b', compensate: 'undo-a' } },
      'plan-b': {},
      'undo-a': { run: { function: 'noop', input: '${{ tasks.a.outputs.v }}' } },
      c: { needs: ['a'] },
    });
    keys();
    progress.fail(find('a'), failed);
    keys();
    progress.succeed(find('plan-b'), { v: 7 });
    keys();
    progress.fail(find('c'), failed);
    expect(progress.undoNext()).toBe(true);
    expect(progress.taskRun(find('undo-a'))).toMatchObject({ input: 7 });
    expect(keys()).toEqual(['undo-a']);
    progress.succeed(find('undo-a'), {});
    expect(progress.undoNext()).toBe(false);
  });

  test('an attempt that ran out of memory is no failure of the task, unless its document says it is final', () => {
    const outOfMemory: TaskError = { code: 'out-of-memory', message: 'too much' };
    const { progress, take, find } = aRun({ a: {}, b: { retry: { attempts: 3, final: ['out-of-memory'] } } });
    take();
    progress.runOutOfMemory(find('a'), outOfMemory);
    const [again] = take();
    expect(again).toMatchObject({ key: 'a', attempt: 2, failures: 0, wantsMoreMemory: true });
    progress.fail(find('a'), outOfMemory);
    expect(find('a')).toMatchObject({ state: 'failed', error: outOfMemory });
    progress.runOutOfMemory(find('b'), outOfMemory);
    expect(find('b')).toMatchObject({ state: 'failed', failures: 1 });
  });

  test('a lost worker is not a failure of the task, until it has cost six workers', () => {
    const { progress, keys, find } = aRun({ a: {} });
    for (let loss = 1; loss <= 5; loss++) {
      keys();
      progress.startAgain(find('a'), 'lost', `node-${loss}` as never);
    }
    expect(find('a')).toMatchObject({ failures: 0, losses: 5, attempt: 6 });
    keys();
    progress.startAgain(find('a'), 'lost', null);
    expect(find('a')).toMatchObject({ state: 'failed', error: { code: 'worker-lost' } });
  });

  test('a task that would be told more than 256 KiB fails and says what to do', () => {
    const { find } = aRun(
      { a: { run: { function: 'noop', input: '${{ params.text }}${{ params.text }}' } } },
      { params: { text: 'x'.repeat(140_000) } },
    );
    expect(find('a').error).toMatchObject({ code: 'run-too-large', final: true });
    expect(find('a').error?.message).toContain('file');
  });

  test('outputs over 8 KiB fail the task and say what to do', () => {
    const { progress, keys, find } = aRun({ a: {} });
    keys();
    progress.succeed(find('a'), { text: 'x'.repeat(9_000) });
    expect(find('a').error?.message).toContain('write large values to a file');
  });
});

describe('cancellation', () => {
  test('waiting tasks are withdrawn and queued ones never told', () => {
    const { progress, asked, find, take } = aRun({ a: {}, b: {}, c: {} });
    const [, b, c] = take();
    if (b) b.state = 'waiting';
    if (c) c.state = 'running';
    progress.beginStop({ kind: 'cancelled', code: 'cancelled', message: 'enough' });
    expect(progress.withdrawn).toEqual([{ taskKey: 'b', attempt: 1 }]);
    expect(asked.stops).toMatchObject([{ kind: 'cancelled' }]);
    expect(find('c').state).toBe('running');
  });
});

describe('any graph', () => {
  /** Tasks `t0`…: each needs some of those before it. */
  const graphs = fc
    .array(fc.array(fc.nat({ max: 30 }), { maxLength: 3 }), { minLength: 1, maxLength: 25 })
    .map((rows) =>
      Object.fromEntries(
        rows.map((needs, i) => [
          `t${i}`,
          { needs: i === 0 ? [] : [...new Set(needs.map((n) => `t${n % i}`))] },
        ]),
      ),
    );

  test('runs each task exactly once, after what it needs, whatever the order of the ends', () => {
    fc.assert(
      fc.property(graphs, fc.infiniteStream(fc.nat()), (tasks, picks) => {
        const { progress, take } = aRun(tasks);
        const running = take();
        const order: string[] = [];
        while (running.length > 0) {
          const [next] = running.splice((picks.next().value as number) % running.length, 1) as [Instance];
          order.push(next.task);
          progress.succeed(next, {});
          running.push(...take());
        }
        expect([...order].sort()).toEqual(Object.keys(tasks).sort());
        for (const [name, { needs }] of Object.entries(tasks)) {
          for (const need of needs) expect(order.indexOf(need)).toBeLessThan(order.indexOf(name));
        }
        expect(progress.graph.isDone).toBe(true);
      }),
    );
  });

  test('goes on after continue-as-new as if nothing had been', () => {
    fc.assert(
      fc.property(graphs, fc.nat({ max: 24 }), (tasks, cut) => {
        const first = aRun(tasks);
        const running = first.take();
        for (let n = 0; n < cut && running.length > 0; n++) {
          first.progress.succeed(running.shift() as Instance, { n });
          running.push(...first.take());
        }
        for (const instance of running) instance.state = 'waiting';
        const carried = JSON.parse(JSON.stringify(first.progress.snapshot()));
        const rest = { executionId: 'x', ended: [], paused: false, priorityClass: 'normal' as const };
        const next = aRun(tasks, { carried: { ...carried, ...rest } }).progress;
        const open = () => [...next.graph.instances.values()].filter((instance) => !isOver(instance));
        for (let todo = open(); todo.length > 0; todo = open())
          for (const instance of todo) next.succeed(instance, {});
        expect(next.graph.completionOrder).toHaveLength(Object.keys(tasks).length);
      }),
    );
  });
});
