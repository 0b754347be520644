import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPipeline } from '../../src/domain/index.js';

const pages = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

const blocks = (page: string, language: string): string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map(([, , text = '']) => text);

describe('the README', () => {
  it('begins with the two commands', () => {
    const [first = ''] = blocks('README.md', '');
    expect(first.split('\n').map((line) => line.split('#')[0]?.trim())).toEqual([
      'npm ci && npm run demo',
      'npm ci && npm test',
      '',
    ]);
  });

  it('shows the pipeline that stands in pipelines/hello.yaml', () => {
    expect(blocks('README.md', 'yaml')[0]).toBe(readFileSync('pipelines/hello.yaml', 'utf8'));
  });
});

describe('every page', () => {
  it.each(pages)('%s shows only pipelines without mistakes', (page) => {
    const whole = blocks(page, 'yaml').filter((text) => text.startsWith('apiVersion:'));
    const problems = whole
      .map((text) => readPipeline(text))
      .flatMap((read) => ('problems' in read ? read.problems : []));
    expect(problems).toEqual([]);
  });

  it.each(pages)('%s links only to what exists', (page) => {
    const links = [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(
      ([, to = '']) => to,
    );
    expect(links.filter((to) => !existsSync(join(dirname(page), to)))).toEqual([]);
  });
});
