import type { Migration } from 'kysely';
import { begin } from './001-begin.js';
import { findTasksByTime } from './002-tasks-by-time.js';
import { planByWork } from './003-plan-by-work.js';
import { acts } from './004-acts.js';
import { keepPolicies } from './005-keep-policies.js';
import { recordCycles } from './006-record-cycles.js';
import { watchDeadlines } from './007-watch-deadlines.js';
import { countSpending } from './008-spending.js';
import { growMemory } from './009-memory-and-loss.js';
import { countFailures } from './012-breakers.js';

/** All migrations, by name in their order. One that has been released is never changed again. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '001-begin': begin,
  '002-tasks-by-time': findTasksByTime,
  '003-plan-by-work': planByWork,
  '004-acts': acts,
  '005-keep-policies': keepPolicies,
  '006-record-cycles': recordCycles,
  '007-watch-deadlines': watchDeadlines,
  '008-spending': countSpending,
  '009-memory-and-loss': growMemory,
  '012-breakers': countFailures,
};
