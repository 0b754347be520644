import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPipeline, formatProblems, type PlacedProblem, readPipeline } from '../../src/domain/index.js';

const FOLDER = join(import.meta.dirname, '../fixtures/invalid');
const files = readdirSync(FOLDER);
const documents = files.filter((file) => extname(file) !== '.txt');
const expectationOf = (file: string) => `${basename(file, extname(file))}.txt`;

const problemsOf = (text: string): readonly PlacedProblem[] => {
  const read = readPipeline(text);
  return 'problems' in read ? read.problems : [];
};
const found = new Map<string, readonly PlacedProblem[]>();
const problemsIn = (file: string) => {
  const problems = found.get(file) ?? problemsOf(readFileSync(join(FOLDER, file), 'utf8'));
  found.set(file, problems);
  return problems;
};

/** Pieces of YAML in any order. */
const PIECES =
  'apiVersion: signalbox/v1\n¦name: demo\n¦tasks:\n¦  a: ¦run: ¦command: x¦needs¦{¦}¦[¦]¦: ¦, ¦' +
  '- ¦? ¦"¦\'¦|\n¦>\n¦&x ¦*x ¦!!str ¦!t ¦<<: ¦#¦---\n¦...\n¦%YAML 1.1\n¦\n¦  ¦\t¦\r\n¦null¦~¦' +
  '0x1f¦.inf¦1e999¦2026-11-21¦__proto__¦${{ ¦ }}¦é¦😀¦\u0000¦\uFEFF¦\u2028¦@¦`';
const aPiece = fc.constantFrom(...PIECES.split('¦'));
const anyText = fc.array(aPiece, { maxLength: 30 }).map((pieces) => pieces.join(''));

describe('an invalid document', () => {
  it('stands beside the messages expected of it', () => {
    expect(documents.length).toBeGreaterThanOrEqual(30);
    expect(files.filter((file) => extname(file) === '.txt').sort()).toEqual(
      documents.map(expectationOf).sort(),
    );
  });

  it.each(documents)('gives exactly the expected messages: %s', async (file) => {
    const messages = `${formatProblems(file, problemsIn(file))}\n`;
    await expect(messages).toMatchFileSnapshot(join(FOLDER, expectationOf(file)));
  });

  it.each(documents)('has a line, a column, a message and a mend for every mistake: %s', (file) => {
    expect(problemsIn(file).length).toBeGreaterThan(0);
    expectPlaced(readFileSync(join(FOLDER, file), 'utf8'), problemsIn(file));
  });

  it('keeps its places within the text, wherever a valid one was broken', () => {
    const folder = join(import.meta.dirname, '../../pipelines');
    const examples = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.yaml'),
    );
    const anExample = fc.constantFrom(...examples.map((name) => readFileSync(join(folder, name), 'utf8')));
    const aCut = fc.record({ at: fc.nat(2_000), length: fc.nat(12), piece: aPiece });
    fc.assert(
      fc.property(anExample, fc.array(aCut, { minLength: 1, maxLength: 4 }), (example, cuts) => {
        const text = cuts.reduce(
          (t, { at, length, piece }) => t.slice(0, at) + piece + t.slice(at + length),
          example,
        );
        expectPlaced(text, problemsOf(text));
      }),
    );
  });
});

const expectPlaced = (text: string, problems: readonly PlacedProblem[]): void => {
  const lines = text.split('\n');
  for (const { line, column, message, mend } of problems) {
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
    expect(message).not.toBe('');
    expect(mend).not.toBe('');
  }
};

describe('a hostile document', () => {
  it('larger than 1 MiB is refused unread', () =>
    expect(problemsOf(`# ${'ü'.repeat(600_000)}`)[0]?.message).toBe('the document is larger than 1 MiB'));

  it.each([
    ['lists', '['.repeat(20_000)],
    ['maps', '{a: '.repeat(20_000)],
    ['dashes', '- '.repeat(20_000)],
    ['indents', Array.from({ length: 1_300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('nested in %s is refused before anything recurses into it', (_, text) =>
    expect(problemsOf(text)[0]?.message).toMatch(/nested more than 200 deep/),
  );

  it.each([
    ['needs nobody has', 'a: { needs: [XS], run: { command: x } }', 'z'],
    ['unknown keys', 'a: { run: { command: x }, XS }', 'k'],
    ['unknown names in expressions', 'a: { run: { command: [YS] } }', 'params.p'],
  ])('full of %s is answered with the first of them', (_, tasks, stem) => {
    const names = Array.from({ length: 20_000 }, (_, i) => `${stem}${i}`);
    const others = Array.from({ length: 2_000 }, (_, i) => `  other${i}: { run: { command: x } }`).join('\n');
    const task = tasks
      .replace('needs: [XS]', `needs: [${names.join()}]`)
      .replace(', XS }', `, ${names.map((name) => `${name}: 1`).join()} }`)
      .replace('YS', names.map((name) => `'\${{ ${name} }}'`).join());
    expect(problemsOf(`apiVersion: signalbox/v1\nname: demo\ntasks:\n  ${task}\n${others}`)).toHaveLength(
      501,
    );
  });

  it('made of cycles is answered with the first of them', () => {
    const tasks = Array.from({ length: 3_000 }, (_, i) => `  t${i}: { needs: [t${i}], run: { command: x } }`);
    expect(problemsOf(`apiVersion: signalbox/v1\nname: demo\ntasks:\n${tasks.join('\n')}`)).toHaveLength(20);
  });

  it('with more mistakes than anyone reads says that there are more', () => {
    const tasks = Array.from({ length: 700 }, (_, i) => `  t${i}: { run: { command: x }, nope: 1 }`).join(
      '\n',
    );
    const problems = problemsOf(`apiVersion: signalbox/v1\nname: demo\ntasks:\n${tasks}`);
    expect(problems).toHaveLength(501);
    expect(problems.at(-1)?.message).toBe('there are more mistakes than are listed');
  });

  it('never makes the reader throw, whatever the text', () =>
    fc.assert(
      fc.property(anyText, (text) => {
        expect(problemsOf(text).length).toBeGreaterThan(0);
      }),
    ));

  it('never makes the reader throw, whatever stands in the places of a pipeline', () => {
    const anything = fc.jsonValue({ maxDepth: 3 });
    const task = fc.record(
      {
        needs: anything,
        pool: anything,
        run: anything,
        forEach: anything,
        when: anything,
        onFailure: anything,
        retry: anything,
      },
      { requiredKeys: [] },
    );
    const tasks = fc.dictionary(fc.string(), fc.oneof(anything, task));
    fc.assert(
      fc.property(fc.record({ name: anything, parameters: anything, tasks }), (document) => {
        for (const problem of problemsOf(JSON.stringify(document))) expect(problem.mend).not.toBe('');
      }),
    );
  });
});

describe('a document that comes as a value', () => {
  const problems = (document: never) => {
    const read = checkPipeline(document);
    return 'problems' in read ? read.problems : [];
  };

  it('is checked by the same rules, without places', () =>
    expect(
      problems({ apiVersion: 'signalbox/v1', name: 'x', tasks: { a: { needs: ['b'] } } } as never),
    ).toEqual([
      {
        path: 'tasks.a.run',
        message: 'missing "run"',
        mend: 'add run: the work: a command, sql, http or function',
      },
      { path: 'tasks.a.needs[0]', message: 'unknown task "b"', mend: 'name one of a' },
    ]));

  it('is refused where it is nested beyond reason', () =>
    expect(problems(JSON.parse(`${'['.repeat(3_000)}${']'.repeat(3_000)}`) as never)[0]?.message).toMatch(
      /nested/,
    ));
});
