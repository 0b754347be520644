import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPipeline } from '../../src/domain/index.js';

const documents = readdirSync('pipelines', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => join('pipelines', name))
  .sort();

describe('the example pipelines', () => {
  it('are all here', () => {
    expect(documents).toEqual([
      'pipelines/fan-out.yaml',
      'pipelines/flights/flights.yaml',
      'pipelines/hello.yaml',
      'pipelines/http-retry.yaml',
      'pipelines/release.yaml',
      'pipelines/word-count/word-count.yaml',
    ]);
  });

  it.each(documents)('%s has no mistake', (file) => {
    const read = readPipeline(readFileSync(file, 'utf8'));
    expect('problems' in read ? read.problems : []).toEqual([]);
  });
});
