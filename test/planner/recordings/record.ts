import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { PLANNER_VERSION, readPolicy } from '../../../src/planner/index.js';
import { play } from './scenario.js';

/**
 * Keeps recordings of this version of the planner, one file for each policy. Run it once for each version, when `PLANNER_VERSION`
 * is counted up: what an older version decided stays as it was.
 */
for (const name of ['default', 'throughput', 'fair', 'deadline', 'cost-saver']) {
  const text = readFileSync(new URL(`../../../policies/${name}.yaml`, import.meta.url), 'utf8');
  const lines = [{ policy: text }, ...play(readPolicy(text), 40)].map((line) => JSON.stringify(line));
  writeFileSync(new URL(`${PLANNER_VERSION}-${name}.jsonl.gz`, import.meta.url), gzipSync(lines.join('\n')));
}
