import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  cacheInputs,
  durationSeconds,
  fanOutItems,
  type JsonValue,
  readPipeline,
  type Scope,
  type Task,
  toTaskRun,
} from '../../src/domain/index.js';

const file = (run: string) => ({
  uri: `workspace://runs/${run}/prepare/1/rows.parquet`,
  bytes: 9,
  sha256: 'c0ffee',
});
const aScope = (over: Partial<Scope> = {}, run = 'demo-1'): Scope => ({
  params: { n: 3, lrs: [0.1, 1e-7], name: 'x', none: null },
  tasks: { prepare: { outputs: { rows: 12, file: file(run) }, status: 'succeeded' } },
  run: { id: run, pipeline: 'demo', tenant: 'default' },
  ...over,
});

const PARAMETERS =
  '{ n: { type: integer }, lrs: { type: list }, name: { type: string }, none: { type: object } }';
const aTask = (text: string): Task => {
  const read = readPipeline(
    `apiVersion: signalbox/v1\nname: demo\nparameters: ${PARAMETERS}\n` +
      `tasks:\n  prepare: { run: { command: ./prepare } }\n  train: { needs: [prepare], ${text} }`,
  );
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  return read.pipeline.tasks.train as Task;
};
const rendered = (run: string, scope = aScope()) => toTaskRun(aTask(`run: ${run}`).run, scope);

describe('a task ready to run', () => {
  it('is a command with its arguments as texts, a file by its place', () =>
    expect(
      rendered(
        '{ command: [./train, -n, "${{ params.n }}", 0.0000001, "${{ tasks.prepare.outputs.file }}"], ' +
          'env: { LRS: "${{ params.lrs }}", LEVEL: 2, NONE: "${{ params.none }}", ON: true }, cwd: "a/${{ run.id }}", outputs: [score] }',
      ),
    ).toEqual({
      kind: 'command',
      command: ['./train', '-n', '3', '0.0000001', file('demo-1').uri],
      env: { LRS: '[0.1,1e-7]', LEVEL: '2', NONE: '', ON: 'true' },
      cwd: 'a/demo-1',
      outputs: ['score'],
    }));

  it('is a shell text with the defaults filled in', () =>
    expect(rendered('{ command: "echo ${{ params.n }}" }')).toEqual({
      kind: 'command',
      command: 'echo 3',
      env: {},
      outputs: [],
    }));

  it('is SQL with its rules and files', () =>
    expect(
      rendered(
        '{ sql: ["CREATE TABLE t AS SELECT ${{ params.n }}", SELECT 1], assert: { none: "SELECT ${{ params.n }}" }, files: { t: "${{ params.name }}.parquet" } }',
      ),
    ).toEqual({
      kind: 'sql',
      statements: ['CREATE TABLE t AS SELECT 3', 'SELECT 1'],
      assertions: [{ name: 'none', sql: 'SELECT 3' }],
      files: { t: 'x.parquet' },
    }));

  it('is a request whose body keeps its types', () =>
    expect(
      rendered(
        '{ http: { url: "http://h/${{ params.n }}", method: POST, headers: { n: 1 }, body: { n: "${{ params.n }}" } } }',
      ),
    ).toEqual({
      kind: 'http',
      url: 'http://h/3',
      method: 'POST',
      headers: { n: '1' },
      body: { n: 3 },
      retryableStatuses: [408, 425, 429, 500, 502, 503, 504],
    }));

  it('is a function with its input as a value', () => {
    expect(rendered('{ function: train, input: { rows: "${{ tasks.prepare.outputs.file }}" } }')).toEqual({
      kind: 'function',
      name: 'train',
      input: { rows: file('demo-1') },
    });
    expect(rendered('{ function: train }')).toMatchObject({ input: null });
  });
});

describe('a fan-out', () => {
  const items = (forEach: string, scope = aScope()) =>
    fanOutItems(aTask(`forEach: ${forEach}, run: { command: ./train }`), scope);

  it.each<[string, JsonValue]>([
    ['"${{ params.lrs }}"', [0.1, 1e-7]],
    ['params.lrs', [0.1, 1e-7]],
    ['range(params.n)', [0, 1, 2]],
    ['[{ lr: 0.1 }, { lr: "${{ params.n }}" }]', [{ lr: 0.1 }, { lr: 3 }]],
    ['[]', []],
  ])('over %s has the items %j', (forEach, expected) => expect(items(forEach)).toEqual(expected));

  it('over what turns out to be no list says so', () =>
    expect(() => items('params.n')).toThrowError('forEach gave 3, which is no list'));

  it('over more items than a run can hold says so', () => {
    const lrs = Array.from({ length: 10_001 }, (_, i) => i);
    expect(() => items('params.lrs', aScope({ params: { lrs } }))).toThrowError('10000 is the most');
  });

  it('is none without forEach', () =>
    expect(fanOutItems(aTask('run: { command: ./t }'), aScope())).toBeNull());
});

describe('the inputs that a cached result depends on', () => {
  const inputs = (run: string, scope: Scope) => cacheInputs(aTask(`run: ${run}`).run, scope);

  it('are the same in another run with the same content, wherever its files lie', () => {
    const run = '{ command: [./t, "${{ tasks.prepare.outputs.file }}"], env: { B: 2, A: 1 } }';
    expect(inputs(run, aScope({}, 'demo-1'))).toBe(inputs(run, aScope({}, 'demo-2')));
    expect(inputs(run, aScope())).toBe(inputs(run.replace('B: 2, A: 1', 'A: 1, B: 2'), aScope()));
  });

  it('differ where the work differs', () => {
    const run = '{ command: [./t, "${{ params.n }}"] }';
    expect(inputs(run, aScope())).not.toBe(inputs(run, aScope({ params: { n: 4 } })));
  });
});

describe('amounts', () => {
  it.each([
    ['500ms', 0.5],
    ['90s', 90],
    ['1.5h', 5_400],
    ['1d', 86_400],
    [12, 12],
  ])('the duration %s is %d seconds', (text, seconds) => expect(durationSeconds(text)).toBe(seconds));

  it.each([
    ['1B', 1],
    ['1.5KiB', 1_536],
    ['2GB', 2e9],
    ['0.3B', 1],
    [7, 7],
  ])('the size %s is %d bytes', (text, expected) => expect(bytesOf(text)).toBe(expected));
});
