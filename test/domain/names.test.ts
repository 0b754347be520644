import { expect, test } from 'vitest';
import { pipelineSchema } from '../../src/domain/index.js';

const document = (over: object) => ({
  apiVersion: 'signalbox/v1',
  name: 'nightly',
  tasks: { train: { pool: 'gpu', run: { function: 'train' } } },
  ...over,
});
const task = { pool: 'gpu', run: { function: 'train' } };

test.each([
  ['a tenant', { tenant: 'constructor' }],
  ['a pipeline', { name: 'toString' }],
  ['a task', { tasks: { valueOf: task } }],
  ['a limit', { tasks: { train: { ...task, placement: { limits: { constructor: 1 } } } } }],
  ['a parameter', { parameters: { hasOwnProperty: { type: 'string' } } }],
])('%s has no name that every object of JavaScript has: maps would seem to know it', (_, over) => {
  expect(pipelineSchema.safeParse(document(over)).success).toBe(false);
  expect(pipelineSchema.safeParse(document({ tasks: { constructors: task } })).success).toBe(true);
});
