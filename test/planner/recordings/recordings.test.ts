import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  differencesBetween,
  PLANNER_VERSION,
  type RecordedCycle,
  Replay,
  readPolicy,
} from '../../../src/planner/index.js';

const FILES = readdirSync(new URL('.', import.meta.url)).filter((name) =>
  name.startsWith(`${PLANNER_VERSION}-`),
);

describe('A planner of one version', () => {
  it('has recordings kept of it (npm run record:planner makes them, once)', () =>
    expect(FILES.length).toBeGreaterThan(3));

  // Where this fails, decisions have changed: count PLANNER_VERSION up and run `npm run record:planner`.
  it.each(FILES)('decides %s as it always has', (file) => {
    const [head = '', ...lines] = gunzipSync(readFileSync(new URL(file, import.meta.url)))
      .toString()
      .split('\n');
    const policy = readPolicy((JSON.parse(head) as { policy: string }).policy);
    const replay = new Replay(() => policy);
    let grants = 0;
    for (const line of lines) {
      const part = JSON.parse(line) as RecordedCycle & { readonly plan?: string };
      replay.apply(part, policy.version);
      if (part.plan === undefined) continue;
      expect(differencesBetween(part.plan, replay.planAgain(part))).toEqual([]);
      grants += (JSON.parse(part.plan) as { grants: unknown[] }).grants.length;
    }
    expect(grants).toBeGreaterThan(20);
  });
});
