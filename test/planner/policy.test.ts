import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SignalboxError } from '../../src/domain/index.js';
import { readPolicy } from '../../src/planner/index.js';
import { DEFAULT, FIFO } from './builders.js';

const text = readFileSync(new URL('../../policies/default.yaml', import.meta.url), 'utf8');
const refusal = (document: string): SignalboxError => {
  try {
    readPolicy(document);
  } catch (error) {
    if (error instanceof SignalboxError) return error;
  }
  throw new Error('It was accepted.');
};

describe('A policy document', () => {
  it('has a version that names its content', () => {
    expect(DEFAULT.version).toMatch(/^default@[0-9a-f]{16}$/);
    expect(readPolicy(`${text}\n# a comment changes nothing\n`).version).toBe(DEFAULT.version);
    expect(readPolicy(text.replace('lookAhead: 200', 'lookAhead: 201')).version).not.toBe(DEFAULT.version);
    expect(FIFO.order).toBe('arrival');
  });

  it.each([
    ['an unknown key', 'order: class', 'ordre: class', /ordre/],
    ['a class named twice', '[critical, high,', '[critical, critical,', /name each priority class once/],
    ['a class left out', '[critical, high,', '[critical,', /name all of critical, high/],
    ['a look-ahead of nothing', 'lookAhead: 200', 'lookAhead: 0', /lookAhead/],
    ['a P90 below the P50', 'p50Seconds: 300,', 'p50Seconds: 9999,', /p50Seconds must not exceed p90Seconds/],
    [
      'a self-fence of one heartbeat',
      'selfFenceSeconds: 15',
      'selfFenceSeconds: 2',
      /at least three heartbeats/,
    ],
    ['no YAML at all', 'order: class', 'order: [class', /./],
  ])('is refused for %s, with its place', (_, good, bad, message) => {
    const error = refusal(text.replace(good, bad));
    expect(error.code).toBe('invalid-document');
    expect(error.message).toMatch(message);
  });

  it('is refused for all its mistakes at once, each with its line', () => {
    const { problems } = refusal(
      text.replace('lookAhead: 200', 'lookAhead: no').replace('graceSeconds: 10', 'graceSeconds: -1'),
    );
    expect(problems.map(({ path }) => path)).toEqual(['lookAhead', 'graceSeconds']);
    expect(problems.map(({ line }) => text.split('\n')[(line ?? 0) - 1]?.split(':')[0])).toEqual([
      'lookAhead',
      'graceSeconds',
    ]);
  });
});
