import { expect, test } from 'vitest';
import { detailsOf } from '../../workflows/details.js';
import type { Graph } from '../../workflows/graph.js';
import { newInstance } from '../../workflows/instance.js';

const rowOf = (message: string): string | undefined => {
  const error = { code: 'exit-1', message };
  const instance = { ...newInstance('a'), state: 'failed' as const, error };
  const graph = { instances: new Map([[instance.key, instance]]) } as unknown as Graph;
  return detailsOf(graph, 'running').split('\n').at(-1);
};

test('a text with brackets is no link, and one with a bar no column, in the Web UI', () => {
  expect(rowOf('held by run/train[0](about 5 s) | <b>\nnext')).toContain(
    ' held by run/train\\[0\\](about 5 s) \\| \\<b\\> next ',
  );
});

test('a long text is cut, and says so', () => {
  expect(rowOf('x'.repeat(1_000))).toMatch(/ x{299}… \|/);
});
