import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signalbox } from '../support/command.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-forecast-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const HEADER = 'at,ran,user,status';
const JOBS = Array.from(
  { length: 60 },
  (_, i) => `${i * 100},${10 + (i % 3)},u${i % 2},${i % 9 === 0 ? 0 : 1}`,
);
const file = (name: string, lines: readonly string[]): string => {
  const path = join(folder, name);
  const text = `${[HEADER, ...lines].join('\n')}\n`;
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
};
const evaluate = (path: string, ...options: string[]) =>
  signalbox(['forecast', 'evaluate', path, '--target', 'ran', ...options]);
const ALL = ['--time', 'at', '--key', 'user', '--outcome', 'status', '--success', '1', '--online'];

describe('signalbox forecast evaluate', () => {
  it('scores our forecaster beside two medians, from a gzipped file', async () => {
    const { code, stdout } = await evaluate(file('jobs.csv.gz', JOBS), ...ALL, '--json');
    expect(code).toBe(0);
    const { forecasters } = JSON.parse(stdout);
    expect(Object.keys(forecasters)).toEqual(['signalbox', 'globalMedian', 'rollingMedian']);
    for (const scores of Object.values(forecasters) as Record<string, number>[]) {
      expect(scores.n).toBe(16);
      expect(scores.maeSeconds).toBeLessThan(2);
      expect(scores.brier).toBeLessThan(0.3);
    }
  });

  it.each([
    ['a column that is not there', JOBS, ['--time', 'when'], "no column 'when'"],
    [
      'a runtime that is no number',
      [...JOBS, '1,soon,u1,1'],
      ALL,
      ':62 ran: "soon" is not a number of seconds',
    ],
    ['a line with too few cells', [...JOBS, '1,2'], ALL, 'line 62'],
    ['neither time nor group', JOBS, [], '--time'],
    ['an outcome without its success', JOBS, ['--time', 'at', '--outcome', 'status'], '--success'],
    ['a split that is no share', JOBS, [...ALL, '--split', '70'], 'between 0 and 1'],
    ['no rows', [], ALL, 'no rows'],
  ] as const)('refuses %s: exit code 2, the place named', async (_, lines, options, message) => {
    const { code, stdout, stderr } = await evaluate(file('bad.csv', lines), ...options);
    expect(stderr + stdout).toContain(message);
    expect(code).toBe(2);
  });

  it('refuses a file that is not there', async () => {
    const { code, stderr } = await evaluate(join(folder, 'absent.csv'), ...ALL);
    expect(code).toBe(2);
    expect(stderr).toContain('absent.csv');
  });
});
