import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  evaluate,
  evaluateCondition,
  fanOutScope,
  type JsonValue,
  parseTemplate,
  references,
  render,
  type Scope,
} from '../../src/domain/index.js';

const model = { uri: 'workspace://runs/r/train/1/model.bin', bytes: 12, sha256: 'ab' };
const aScope = (over: Partial<Scope> = {}): Scope => ({
  params: {
    n: 3,
    one: 1,
    half: 0.5,
    big: 1e21,
    tiny: 1e-7,
    xs: [5, 6, 7.5],
    name: 'Zoë',
    on: true,
    o: { a: 1 },
  },
  tasks: {
    prepare: { outputs: { rows: 120, file: model }, status: 'succeeded' },
    'load-data': { outputs: { n: 7 }, status: 'succeeded' },
    train: fanOutScope('succeeded', [
      { outputs: { score: 0.5, note: 'a' }, status: 'succeeded', item: { lr: 0.1 } },
      { outputs: { score: 0.75 }, status: 'succeeded', item: { lr: 1 } },
    ]),
  },
  item: { lr: 0.1, deep: [{ k: 'v' }] },
  index: 4,
  run: { id: 'demo-1', pipeline: 'demo', tenant: 'default' },
  ...over,
});

/** Pieces of the language in any order: most are no expression, many nearly, some are. */
const PIECES =
  'params¦tasks¦item¦.n¦.xs¦.o¦["name"]¦.train¦.outputs¦.items¦x¦map(x, ¦filter(x, ¦all(x, ¦' +
  'has(¦size(¦string(¦int(¦range(¦(¦)¦[¦]¦{¦}¦"a"¦\'é😀\'¦1¦0.5¦9e99¦true¦null¦+¦-¦*¦/¦%¦==¦!=¦<¦' +
  '&&¦||¦!¦?¦:¦,¦.¦ in ¦ ¦\n¦\\¦\u0000¦__proto__';
const anyExpression = fc
  .array(fc.constantFrom(...PIECES.split('¦')), { maxLength: 12 })
  .map((pieces) => pieces.join(''));

describe('numbers', () => {
  it.each<[string, JsonValue]>([
    ['params.n > 2', true],
    ['item.lr * 2', 0.2],
    ['2 * item.lr', 0.2],
    ['params.n % 2', 1],
    ['7 % params.n', 1],
    ['params.n / 2', 1.5],
    ['params.one / 2', 0.5],
    ['7 / 2', 3],
    ['7 / 2.0', 3.5],
    ['(1 + params.n) * 2', 8],
    ['size(params.xs) * 0.5', 1.5],
    ['params.xs[0] + params.xs[params.n - 1]', 12.5],
    ['params.n == 3 && 3 == params.n && params.n == 3.0', true],
    ['params.n in [1, 2, 3]', true],
    ['int(params.half * 3)', 1],
    ['-params.n + 3', 0],
    ['params.name.substring(params.one)', 'oë'],
    ['params.name.substring(0, params.one)', 'Z'],
    ['params.xs.map(x, x * 2)', [10, 12, 15]],
    ['range(params.n)', [0, 1, 2]],
  ])('%s gives %j', (expression, expected) => expect(evaluate(expression, aScope())).toEqual(expected));
});

describe('values', () => {
  it.each<[string, JsonValue]>([
    ['tasks.prepare.outputs.rows', 120],
    ['tasks["load-data"].outputs.n', 7],
    ['tasks.prepare.status == "succeeded"', true],
    ['tasks.train.outputs.score', [0.5, 0.75]],
    ['tasks.train.outputs.note', ['a', null]],
    ['tasks.train.items.filter(t, t.outputs.score > 0.6).map(t, t.item.lr)', [1]],
    [
      'tasks.train.items.filter(t, tasks.train.items.all(u, u.outputs.score <= t.outputs.score))[0].item',
      { lr: 1 },
    ],
    ['has(params.o.a) && !has(params.o.b)', true],
    ['params.name.lowerAscii() + "-" + string(params.n)', 'zoë-3'],
    ['params.o.map(key, key).join(",")', 'a'],
    ['{"a": [1, "two", null], "b": {"c": params.n}}', { a: [1, 'two', null], b: { c: 3 } }],
    ['run.id + "/" + string(index)', 'demo-1/4'],
    ['item', { lr: 0.1, deep: [{ k: 'v' }] }],
  ])('%s gives %j', (expression, expected) => expect(evaluate(expression, aScope())).toEqual(expected));
});

describe('an expression that cannot be evaluated', () => {
  it.each([
    ['params.typo', 'No such key: typo'],
    ['nothing.at.all', 'unknown name "nothing"'],
    ['parms.n', 'did you mean params?'],
    ['params.n +', 'it ends too early'],
    ['params.n + "a"', 'no such overload: double + string'],
    ['1 / 0', 'division by zero'],
    ['params.n / 0', 'not a finite number'],
    ['9223372036854775807', 'too large to be exact'],
    ['params.xs[7]', 'out of bounds'],
    ['tasks', 'name the task'],
    ['tasks[params.name]', 'name the task'],
    ['tasks.map(t, t)', 'name the task'],
    ['params.xs.map(item, item)', 'choose another name'],
    ['params.name.matches("(a+)+$")', 'unknown function "matches()"'],
    ['cel.bind(x, 1, x)', 'unknown function "bind()"'],
    ['timestamp("2026-01-01T00:00:00Z")', 'unknown function "timestamp()"'],
    ['siz(params.xs)', 'did you mean size?'],
    ['range(1000000)', 'range() takes 0 to 10000'],
    ['b"bytes"', 'not a JSON value'],
    ['', 'it ends too early'],
    ['google', 'unknown name "google"'],
    ['constructor', 'unknown name "constructor"'],
    ['params.constructor', 'No such key: constructor'],
    ['params.__proto__', 'No such key: __proto__'],
  ])('%s says why', (expression, why) =>
    expect(() => evaluate(expression, aScope())).toThrowError(
      expect.objectContaining({ code: 'invalid-expression', message: expect.stringContaining(why) }),
    ),
  );

  it('names the expression', () =>
    expect(() => evaluate('params.typo', aScope())).toThrowError('${{ params.typo }}: No such key: typo'));
});

describe('the cost of an expression', () => {
  const xs = Array.from({ length: 3_000 }, (_, i) => i);
  const scope = aScope({ params: { xs, text: 'x'.repeat(200_000) } });

  it.each([
    'params.xs.map(a, params.xs.map(b, a * b))',
    'params.xs.exists(a, params.xs.exists(b, params.xs.exists(c, c < 0)))',
    'true || params.xs.all(a, params.xs.all(b, b >= 0)) ? params.xs.all(a, params.xs.all(b, b >= 0)) : true',
    'params.xs.filter(a, params.xs == params.xs)',
    'params.xs.map(a, params.xs + params.xs)',
    'params.xs.map(a, params.text + params.text)',
    'params.xs.map(a, params.xs)',
    'range(100).map(a, range(100).map(b, params.xs))',
    'params.xs.all(a, params.text.contains("y") || params.text.contains("z") || true)',
    'false && params.xs.exists(a, params.xs.exists(b, b < 0)) || params.xs.exists(a, params.xs.exists(b, b < 0))',
  ])('is bounded: %s', (expression) =>
    expect(() => evaluate(expression, scope)).toThrowError(/more than \d+ steps/),
  );

  it('leaves room for what a large fan-out needs', () =>
    expect(evaluate('params.xs.filter(x, x % 2 == 0 && x > 10).map(x, x + 1).size()', scope)).toBe(1494));

  it.each([
    ['depth', `${'('.repeat(500)}1${')'.repeat(500)}`],
    ['length', `1${' + 1'.repeat(1_000)}`],
    ['a list', `[${'1,'.repeat(900)}1]`],
  ])('has a limit on %s', (_, expression) =>
    expect(() => evaluate(expression, aScope())).toThrowError(/maxDepth|longer than|maxListElements/),
  );

  it('refuses a value nested beyond reason instead of overflowing the stack', () => {
    const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);
    expect(() => evaluate('params.deep', aScope({ params: { deep } }))).toThrowError(/nested/);
  });
});

describe('conditions', () => {
  it('are written bare or within ${{ }}', () => {
    expect(evaluateCondition('params.n > 2', aScope())).toBe(true);
    expect(evaluateCondition(' ${{ params.n > 3 }} ', aScope())).toBe(false);
  });

  it('must give true or false', () =>
    expect(() => evaluateCondition('params.n', aScope())).toThrowError('a condition gives true or false'));
});

describe('rendering', () => {
  it.each<[string, JsonValue]>([
    ['${{ params.xs }}', [5, 6, 7.5]],
    ['${{ tasks.prepare.outputs.file }}', { ...model }],
    ['${{params.n}}', 3],
    ['n=${{ params.n }} lr=${{ item.lr }}', 'n=3 lr=0.1'],
    ['cat ${{ tasks.prepare.outputs.file }}', `cat ${model.uri}`],
    ['${{ params.xs }} ', '[5,6,7.5] '],
    ['big=${{ params.big }}', 'big=1000000000000000000000'],
    ['tiny=${{ params.tiny }}', 'tiny=0.0000001'],
    ['tiny=${{ -params.tiny * 1.5 }}', 'tiny=-0.00000015'],
    ['${{ params.on }}!', 'true!'],
    ['${{ {"a": {"b": "}}"}} }}', { a: { b: '}}' } }],
    ['${{ "}}" }}${{ "\\"}}" }}', '}}"}}'],
    ['$ {{ plain }} $${ x }', '$ {{ plain }} $${ x }'],
    ['', ''],
  ])('%s becomes %j', (text, expected) => expect(render(text, aScope())).toEqual(expected));

  it('walks lists and objects, and leaves keys alone', () => {
    const value = { 'k ${{ params.n }}': ['${{ params.n }}', { x: 'a${{ params.n }}' }], n: 1, no: null };
    expect(render(value, aScope())).toEqual({ 'k ${{ params.n }}': [3, { x: 'a3' }], n: 1, no: null });
  });

  it('keeps a key named __proto__ a key', () => {
    const value = JSON.parse('{"__proto__": "${{ params.n }}"}');
    const rendered = render(value, aScope());
    expect(Object.keys(rendered as object)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(rendered)).toBe(Object.prototype);
  });

  it('refuses a result that is too large for a task', () =>
    expect(() => render('${{ params.t }}', aScope({ params: { t: 'x'.repeat(600_000) } }))).toThrowError(
      '512 KiB',
    ));

  it('says where ${{ is not closed', () =>
    expect(() => parseTemplate('echo ${{ params.n }')).toThrowError('${{ without }}: "${{ params.n }"'));

  it('gives back any JSON value that holds no expression, and any parameter by its expression', () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (generated) => {
        const value = JSON.parse(JSON.stringify(generated).replaceAll('${{', '')) as JsonValue;
        expect(render(value, aScope())).toEqual(value);
        expect(render('${{ params.value }}', aScope({ params: { value } }))).toEqual(value);
      }),
    ));

  it('never throws anything but a SignalboxError, whatever the text', () =>
    fc.assert(
      fc.property(anyExpression, (text) => {
        try {
          const value = evaluate(text, aScope());
          expect(JSON.parse(JSON.stringify(value))).toEqual(value);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid-expression' });
        }
      }),
      { numRuns: 500 },
    ));

  it('keeps numbers exact and free of exponents within a text', () =>
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = render('v=${{ params.value }}', aScope({ params: { value } })) as string;
        expect(text).toMatch(/^v=-?\d+(\.\d+)?$/);
        expect(Number(text.slice(2)) === value).toBe(true);
      }),
    ));
});

describe('references', () => {
  const reads = (expression: string) =>
    references(expression)
      .reads.map((path) => path.join('.'))
      .sort();

  it('are known without evaluating', () =>
    expect(
      reads('params.a + tasks.x.outputs.n + size(params["b"]) + tasks["y-z"].items.map(t, t.item)[0]'),
    ).toEqual(['params.a', 'params.b', 'tasks.x.outputs.n', 'tasks.y-z.items']));

  it('see through macros and conditions', () =>
    expect(
      reads('has(tasks.a.outputs.x) ? tasks.b.outputs.l.exists(v, v == tasks.c.status) : item.n > index'),
    ).toEqual(['index', 'item.n', 'tasks.a.outputs.x', 'tasks.b.outputs.l', 'tasks.c.status']));

  it.each([
    ['params.n > 1', 'bool'],
    ['size(params.xs)', 'int'],
    ['params.xs.map(x, x)', 'list'],
    ['params.n', 'dyn'],
    ['"a" + params.s', 'string'],
  ])('know the type of %s: %s', (expression, type) => expect(references(expression).type).toBe(type));
});
