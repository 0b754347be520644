import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { policyChanges, readPolicy } from '../../src/planner/index.js';

const read = (name: string, edit = (text: string) => text) =>
  readPolicy(edit(readFileSync(new URL(`../../policies/${name}.yaml`, import.meta.url), 'utf8')));
const DEFAULT = read('default');
const HOLD = "{ name: freeze, when: 'true', reason: moving }";
const OTHER = "{ name: audit, when: 'true', reason: counting }";

test('a policy says the same as itself, however it is written', () => {
  expect(
    policyChanges(
      DEFAULT,
      read('default', (text) => `# a remark\n${text}`),
    ),
  ).toEqual([]);
});

test('each field that differs is named with both values', () => {
  const other = read('default', (text) =>
    text.replace('backfill: easy', 'backfill: none').replace('halfLifeHours: 24', 'weights: { lab: 2 }'),
  );
  expect(policyChanges(DEFAULT, other)).toEqual([
    { path: 'shares.weights.lab', before: undefined, after: 2 },
    { path: 'backfill', before: 'easy', after: 'none' },
  ]);
});

test('a section that one lacks is a change as a whole', () => {
  const fifo = read('fifo');
  expect(policyChanges(DEFAULT, fifo)).toContainEqual({
    path: 'preemption',
    before: DEFAULT.preemption,
    after: undefined,
  });
});

test('rules, windows and holds are known by their names, and by their order where that decides', () => {
  const [one, two, turned] = [[HOLD], [HOLD, OTHER], [OTHER, HOLD]].map((holds) =>
    read('default', (text) => `${text}\nholds: [${holds.join(', ')}]\n`),
  );
  if (!one || !two || !turned) throw new Error('three policies');
  expect(policyChanges(one, two)).toEqual([
    { path: 'holds.audit', before: undefined, after: expect.objectContaining({ reason: 'counting' }) },
  ]);
  expect(policyChanges(two, turned)).toEqual([
    { path: 'holds', before: ['freeze', 'audit'], after: ['audit', 'freeze'] },
  ]);
});
