import { readFileSync } from 'node:fs';
import { SignalboxError } from '../../src/domain/index.js';
import type { TaskFacts } from '../../src/planner/policy/facts.js';
import { type Policy, readPolicy } from '../../src/planner/policy/read.js';

/** A policy that ships, or one of the fixtures. */
export const policyText = (
  name: string,
  folder: 'policies' | 'test/fixtures/policies' = 'policies',
): string => readFileSync(new URL(`../../${folder}/${name}.yaml`, import.meta.url), 'utf8');

const REST = `
lookAhead: 200
pools:
  gpu: { prior: { p50Seconds: 300, p90Seconds: 3600 } }
  cpu: { prior: { p50Seconds: 30, p90Seconds: 600 } }
  io: { prior: { p50Seconds: 5, p90Seconds: 120 } }
graceSeconds: 10
heartbeatSeconds: 2
selfFenceSeconds: 15
`;

/** The smallest policy with these lines in it; the first of them is line 5, or line 4 where they give the order. */
export const aDocument = (lines: string): string => {
  const order = /^order:/m.test(lines) ? '' : 'order: [class, size]\nsize: { bound: 1.5 }\n';
  return `apiVersion: signalbox/v1\nkind: Policy\nname: trial\n${order}${lines}${REST}`;
};
export const aPolicy = (lines: string): Policy => readPolicy(aDocument(lines));

/** How a document was refused. */
export const refusal = (document: string): SignalboxError => {
  try {
    readPolicy(document);
  } catch (error) {
    if (error instanceof SignalboxError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
};

/** The mistakes of a document, as they are shown: the place, the path, what is wrong, and the mend. */
export const mistakesOf = (document: string): readonly string[] =>
  refusal(document).problems.map(
    ({ line, column, path, message, mend }) => `${line}:${column} ${path}: ${message} — ${mend}`,
  );

export const someFacts = (over: Partial<TaskFacts> = {}): TaskFacts => ({
  pipeline: 'nightly',
  name: 'train',
  tenant: 'research',
  priority: 'normal',
  pool: 'gpu',
  devices: 4,
  cores: 8,
  memoryGiB: 64,
  slots: 0,
  p50Seconds: 600,
  p90Seconds: 1_800,
  attempts: 12,
  hasDeadline: false,
  deadlineSeconds: 0,
  labels: { zone: 'a' },
  features: { rows: 1_000_000, model: 'large' },
  ...over,
});
