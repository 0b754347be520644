import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readPolicy } from '../../src/planner/policy/read.js';
import { policySchema } from '../../src/planner/policy/schema.js';
import { aPolicy, policyText, someFacts } from './policy-builders.js';

const filesOf = (folder: string) =>
  readdirSync(new URL(`../../${folder}`, import.meta.url)).map((file) => file.replace('.yaml', ''));

/** The fields of a section. */
const inner = (schema: z.core.$ZodType): readonly string[] => {
  const { properties, items, additionalProperties } = z.toJSONSchema(schema, { io: 'input' });
  const within = [{ properties }, items, additionalProperties].flatMap((part) =>
    typeof part === 'object' && 'properties' in part ? Object.keys(part.properties ?? {}) : [],
  );
  return within;
};

describe('A policy document', () => {
  const text = policyText('default');

  it('has a version that names its content', () => {
    const { version } = readPolicy(text);
    expect(version).toMatch(/^default@[0-9a-f]{16}$/);
    expect(readPolicy(`${text}\n# a comment changes nothing\n`).version).toBe(version);
    expect(readPolicy(text.replace('lookAhead: 200', 'lookAhead: 201')).version).not.toBe(version);
  });

  it('may be JSON', () => {
    const { version, ...document } = readPolicy(text);
    expect(readPolicy(JSON.stringify(document)).version).toBe(version);
  });

  it('is its document and nothing else, and nobody changes it', () => {
    const policy = aPolicy('holds: [{ name: a, when: task.devices > 2, reason: moving }]');
    expect(JSON.parse(JSON.stringify(policy)).holds).toEqual([
      { name: 'a', when: 'task.devices > 2', reason: 'moving' },
    ]);
    expect(() => {
      (policy.holds as unknown[]).push('x');
    }).toThrow(TypeError);
    expect(() => {
      (policy.pools.gpu as { usdPerCoreHour: number }).usdPerCoreHour = 1;
    }).toThrow(TypeError);
  });
});

describe('The page on policies', () => {
  const page = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8');

  it('shows only sections that can be read', () => {
    const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
    expect(blocks.length).toBeGreaterThan(3);
    for (const block of blocks) expect(() => aPolicy(block)).not.toThrow();
  });

  it('names every field', () => {
    const fields = Object.entries(policySchema.shape).flatMap(([name, schema]) => [name, ...inner(schema)]);
    expect(fields.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('tells what a condition may read', () => {
    expect(Object.keys(someFacts()).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it.each(filesOf('policies'))('compares the policies as they are: %s', (name) => {
    const policy = readPolicy(policyText(name));
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` `)) ?? '';
    expect(
      row
        .split('|')
        .slice(2, 6)
        .map((cell) => cell.trim()),
    ).toEqual([
      policy.order.join(', ') || 'arrival',
      policy.size ? String(policy.size.bound) : '',
      policy.backfill,
      policy.preemption?.victims ?? 'off',
    ]);
  });
});

describe('The policies', () => {
  it.each(filesOf('policies'))('that ship can be read, and bear the name of their file: %s', (name) => {
    expect(readPolicy(policyText(name)).name).toBe(name);
  });

  it.each(filesOf('test/fixtures/policies'))('that tests use can be read: %s', (name) => {
    expect(readPolicy(policyText(name, 'test/fixtures/policies')).name).toBe(name);
  });

  it('that ship fit on a page, and say what they are for', () => {
    for (const name of filesOf('policies')) {
      const text = policyText(name);
      expect(text.split('\n').length, name).toBeLessThanOrEqual(80);
      expect(readPolicy(text).description, name).toBeTruthy();
    }
  });

  it('are as their sections show them in comments, too', () => {
    const text = policyText('cost-saver')
      .replace('rules: []', 'rules:')
      .replace('budgets: {}', 'budgets:')
      .replace(/^( *)# {3}(?=- name| {2}when| {2}labels|lab)/gm, '$1  ');
    expect(readPolicy(text)).toMatchObject({
      route: { rules: [{ name: 'batch-on-spot', labels: { billing: 'spot' } }] },
      budgets: { lab: { usdPerMonth: 2_000, exhausted: 'defer' } },
    });
  });
});
