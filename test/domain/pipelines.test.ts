import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Pipeline, pipelineJsonSchema, readPipeline, resourceRequest } from '../../src/domain/index.js';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLES = join(ROOT, 'pipelines');
const examples = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.ya?ml$/.test(file),
);

/** The whole documents within the README and the pages. */
const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((file) => join('docs', file))];
const documented = pages.flatMap((page) =>
  [...readFileSync(join(ROOT, page), 'utf8').matchAll(/```yaml\n(apiVersion:[\s\S]*?)```/g)].map(
    ([, text = '']): [string, string] => [page, text],
  ),
);

const pipelineOf = (text: string): Pipeline => {
  const read = readPipeline(text);
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  return read.pipeline;
};
const HEAD = 'apiVersion: signalbox/v1\nname: demo\n';

describe('a valid document', () => {
  it.each(examples)('is each of the examples: %s', (file) =>
    expect(readPipeline(readFileSync(join(EXAMPLES, file), 'utf8'))).toHaveProperty('pipeline'),
  );

  it.each(documented)('is each that the pages show: %s', (_, text) =>
    expect(readPipeline(text)).toHaveProperty('pipeline'),
  );

  it('has every default filled in', () => {
    const pipeline = pipelineOf(`${HEAD}tasks: { train: { run: { command: ./train } } }`);
    expect(pipeline).toMatchObject({
      kind: 'Pipeline',
      tenant: 'default',
      priority: 'normal',
      parameters: {},
    });
    expect(pipeline.tasks.train).toEqual({
      needs: [],
      run: { command: './train' },
      timeout: '24h',
      grace: '10s',
      retry: { attempts: 1, initialDelay: '1s', factor: 2, maxDelay: '5m', final: [] },
      cache: false,
    });
  });

  it('is the same in JSON as in YAML, with a byte order mark and Windows line ends', () => {
    const json = JSON.stringify(pipelineOf(`${HEAD}tasks: { a: { run: { sql: SELECT 1 } } }`), null, 2);
    expect(pipelineOf(`\uFEFF${json.replaceAll('\n', '\r\n')}`)).toEqual(JSON.parse(json));
  });

  it('may share parts by anchors', () => {
    const { tasks } = pipelineOf(
      `${HEAD}tasks:\n  a: { retry: &patient { attempts: 5 }, run: { command: ./a } }\n  b: { retry: *patient, run: { command: ./b } }`,
    );
    expect(tasks.b?.retry).toEqual(tasks.a?.retry);
  });

  it('lets a fallback and a compensation read the task they stand by for, and its item', () => {
    const pipeline = pipelineOf(
      `${HEAD}tasks:\n` +
        '  first: { run: { command: ./first } }\n' +
        '  train: { needs: [first], forEach: [1, 2], onFailure: { fallback: plain, compensate: undo }, run: { command: ./train } }\n' +
        "  plain: { run: { command: './plain ${{ item }} ${{ tasks.first.outputs.n }}' } }\n" +
        "  undo: { run: { command: './undo ${{ index }} ${{ tasks.train.outputs.id }}' } }",
    );
    expect(Object.keys(pipeline.tasks)).toHaveLength(4);
  });
});

describe('the hardware that a task asks for', () => {
  const request = (text: string) => {
    const { train } = pipelineOf(`${HEAD}tasks: { train: { ${text} run: { command: ./train } } }`).tasks;
    return train && resourceRequest(train);
  };
  it.each([
    ['', { pool: 'cpu', devices: 0, cores: 1, memoryBytes: 0, slots: 0 }],
    ['pool: gpu,', { pool: 'gpu', devices: 1, cores: 0, memoryBytes: 0, slots: 0 }],
    ['pool: io,', { pool: 'io', devices: 0, cores: 0, memoryBytes: 0, slots: 1 }],
    ['resources: { gpu: 2 },', { pool: 'gpu', devices: 2, cores: 0, memoryBytes: 0, slots: 0 }],
    ['resources: { slots: 3 },', { pool: 'io', devices: 0, cores: 0, memoryBytes: 0, slots: 3 }],
    [
      'resources: { memoryBytes: 1.5GiB },',
      { pool: 'cpu', devices: 0, cores: 1, memoryBytes: 1_610_612_736, slots: 0 },
    ],
    [
      'pool: gpu, resources: { cpu: 4, memoryBytes: 2GB },',
      { pool: 'gpu', devices: 1, cores: 4, memoryBytes: 2_000_000_000, slots: 0 },
    ],
    [
      'resources: { cpu: 0, memoryBytes: 100 },',
      { pool: 'cpu', devices: 0, cores: 0, memoryBytes: 100, slots: 0 },
    ],
  ])('%s', (text, expected) => expect(request(text)).toEqual(expected));
});

describe('the JSON Schema', () => {
  const schema = pipelineJsonSchema();

  it('describes every key, for editors to show', () => {
    const undescribed: string[] = [];
    const visit = (part: Record<string, unknown>, path: string): void => {
      for (const [key, child] of Object.entries(
        (part.properties ?? {}) as Record<string, Record<string, unknown>>,
      )) {
        if (typeof child.description !== 'string') undescribed.push(`${path}.${key}`);
        visit(child, `${path}.${key}`);
      }
      for (const child of [part.additionalProperties, part.items, ...((part.anyOf as unknown[]) ?? [])])
        if (typeof child === 'object' && child !== null) visit(child as Record<string, unknown>, path);
    };
    visit(schema, '');
    expect(undescribed).toEqual([]);
  });

  it('knows the required keys and refuses unknown ones', () => {
    expect(schema.required).toEqual(['apiVersion', 'name', 'tasks']);
    expect(schema.additionalProperties).toBe(false);
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});
