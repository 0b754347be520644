import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode, REASONS, SignalboxError } from '../../src/domain/index.js';

const codes = Object.keys(ERRORS) as ErrorCode[];

describe('the catalogue of errors', () => {
  it.each(codes)('gives %s a status, and a mend that is a sentence', (code) => {
    const error = new SignalboxError(code, 'What was wrong.');
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(error.status).toBeGreaterThanOrEqual(400);
    expect(error.status).toBeLessThan(600);
    expect(error.mend).toMatch(/^[A-Z].{10,}[.…]$/);
    expect(error).toMatchObject({ code, name: 'SignalboxError', message: 'What was wrong.', problems: [] });
  });

  it('keeps the cause and the problems', () => {
    const problem = { path: 'tasks.a', message: 'wrong', mend: 'mend it' };
    const error = new SignalboxError('invalid-document', 'Bad.', [problem], { cause: 'the cause' });
    expect(error.problems).toEqual([problem]);
    expect(error.cause).toBe('the cause');
  });
});

describe('the list of reasons', () => {
  it.each(Object.entries(REASONS))('says %s in words: %s', (code, sentence) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(sentence).toMatch(/^[a-z].{9,}[^.]$/);
  });
});
