import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Pipeline, parseParameterText, readParameters, readPipeline } from '../../src/domain/index.js';

const aPipeline = (parameters: string): Pipeline => {
  const read = readPipeline(
    `apiVersion: signalbox/v1\nname: demo\nparameters: ${parameters}\ntasks: { a: { run: { command: ./a } } }`,
  );
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  return read.pipeline;
};
const pipeline =
  aPipeline(`{ rows: { type: integer }, rate: { type: number, default: 0.5 }, name: { type: string, default: x },
  on: { type: boolean, default: false }, xs: { type: list, default: [] }, o: { type: object, default: {} },
  mode: { type: string, enum: [fast, slow], default: fast } }`);

const messages = (read: ReturnType<typeof readParameters>) =>
  'problems' in read ? read.problems.map(({ path, message, mend }) => `${path}: ${message} — ${mend}`) : [];

describe('the parameters of a run', () => {
  it('are completed with the defaults', () =>
    expect(readParameters(pipeline, { rows: 3, on: true })).toEqual({
      params: { rows: 3, rate: 0.5, name: 'x', on: true, xs: [], o: {}, mode: 'fast' },
    }));

  it('have every mistake named', () =>
    expect(
      messages(
        readParameters(pipeline, {
          rtae: 1,
          rate: 'fast',
          on: 'yes',
          xs: {},
          o: [],
          mode: 'medium',
          name: null,
        }),
      ),
    ).toEqual([
      'params.rtae: unknown parameter "rtae" — use one of rows, rate, name, on, xs, o, mode (did you mean rate?)',
      'params.rows: missing parameter "rows" — give a whole number: --param rows=…',
      'params.rate: "fast" is not a number — give a number',
      'params.name: nothing is not a text — give a text',
      'params.on: "yes" is not true or false — give true or false',
      'params.xs: a map is not a list — give a list',
      'params.o: an empty list is not a map — give a map',
      'params.mode: "medium" is not allowed — give one of fast, slow',
    ]));

  it.each([1.5, 2 ** 53, '3', Number.NaN])('do not take %s for a whole number', (rows) =>
    expect(messages(readParameters(pipeline, { rows }))).toHaveLength(1),
  );

  it('are not found among the members of every object', () => {
    expect(
      messages(readParameters(pipeline, JSON.parse('{"rows": 1, "__proto__": 2, "toString": 3}'))),
    ).toHaveLength(2);
  });

  it('are refused where they are nested beyond reason', () => {
    const xs = JSON.parse(`${'['.repeat(3_000)}${']'.repeat(3_000)}`);
    expect(messages(readParameters(pipeline, { rows: 1, xs }))[0]).toContain('nested more than 64 deep');
  });
});

describe('parameters of the command line', () => {
  it('are read by their declared types', () =>
    expect(
      parseParameterText(pipeline, [
        'rows=7',
        'rate=1e-3',
        'name=12=ü',
        'on=true',
        'xs=[1,"a"]',
        'o={"a":1}',
        'mode=slow',
      ]),
    ).toEqual({
      params: { rows: 7, rate: 0.001, name: '12=ü', on: true, xs: [1, 'a'], o: { a: 1 }, mode: 'slow' },
    }));

  it('have every mistake named', () =>
    expect(
      messages(parseParameterText(pipeline, ['rows', 'on=yes', 'rate=1', 'rate=2', 'xs=[1', 'who=me'])),
    ).toEqual([
      'params.rows: "rows" has no value — write rows=VALUE',
      'params.rate: "rate" is given twice — give it once',
      'params.who: unknown parameter "who" — use one of rows, rate, name, on, xs, o, mode',
      'params.rows: missing parameter "rows" — give a whole number: --param rows=…',
      'params.on: "yes" is not true or false — give true or false',
      'params.xs: "[1" is not a list — give a list',
    ]));

  it('give back any text and any JSON', () =>
    fc.assert(
      fc.property(fc.string(), fc.array(fc.jsonValue({ maxDepth: 3 })), (name, list) => {
        const xs = JSON.parse(JSON.stringify(list));
        const read = parseParameterText(pipeline, ['rows=1', `name=${name}`, `xs=${JSON.stringify(xs)}`]);
        expect(read).toMatchObject({ params: { name } });
        expect('params' in read && read.params.xs).toEqual(xs);
      }),
    ));
});
