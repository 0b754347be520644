import { sql } from 'kysely';
import type { Pool } from '../../domain/index.js';
import type { RecordedPart, Recording, RecordingPage, TimeRange } from '../contract.js';
import type { Database } from '../database/database.js';
import type { CycleRow } from '../rows/index.js';

/** A page is at most so many bytes of text, but for a single part that is longer. */
const PAGE_BYTES = 4_000_000;

/**
 * The writers of all recordings, found by a step through the index for each: there are few of them, and many rows of each.
 */
const WRITERS = sql`WITH RECURSIVE writers AS (
    (SELECT writer FROM cycles ORDER BY writer LIMIT 1)
    UNION ALL
    SELECT (SELECT c.writer FROM cycles c WHERE c.writer > w.writer ORDER BY c.writer LIMIT 1)
    FROM writers w WHERE w.writer IS NOT NULL
  )`;

/** Recordings with cycles of a time range, in the order of their first. */
export const listRecordings = async (
  { db }: Database,
  { fromMs, toMs }: TimeRange,
): Promise<readonly Recording[]> => {
  const { rows } = await sql<Recording & { readonly firstMs: number }>`
    ${WRITERS} SELECT w.writer, found.* FROM writers w CROSS JOIN LATERAL (
      SELECT min(base) AS "base", max(sequence) AS "last", min(at_ms) AS "firstMs", count(*) AS "cycles",
        min(policy_version) AS "policyVersion" FROM cycles c
      WHERE c.writer = w.writer AND c.at_ms BETWEEN ${fromMs} AND ${toMs} AND c.number IS NOT NULL
    ) found WHERE found.cycles > 0 ORDER BY found."firstMs", w.writer`.execute(db);
  return rows.map(({ writer, base, last, cycles, policyVersion }) => ({
    writer,
    policyVersion,
    base: Number(base),
    last: Number(last),
    cycles: Number(cycles),
  }));
};

/** Parts of one recording from a sequence on, in their order: a page of them. */
export const readRecording = async (
  { db }: Database,
  { writer, from, limit }: RecordingPage,
): Promise<readonly RecordedPart[]> => {
  const bytes = sql<number>`sum(octet_length(changes) + coalesce(octet_length(plan), 0)) OVER (ORDER BY sequence ROWS UNBOUNDED PRECEDING)`;
  const rows = await db
    .selectFrom((from_) =>
      from_
        .selectFrom('cycles')
        .selectAll()
        .select(bytes.as('bytes'))
        .where('writer', '=', writer)
        .where('sequence', '>=', from)
        .orderBy('sequence')
        .limit(limit)
        .as('page'),
    )
    .selectAll()
    .where((row) => row.or([row('bytes', '<=', PAGE_BYTES), row('sequence', '=', from)]))
    .orderBy('sequence')
    .execute();
  return rows.map(partOf);
};

const partOf = (row: CycleRow): RecordedPart => {
  const { sequence, base, number, atMs, policyVersion, plannerVersion, changes, scope, plan } = row;
  if (number === null || plannerVersion === null || scope === null || plan === null)
    return { sequence, policyVersion, changes, plan: null };
  const { pools, asked } = JSON.parse(scope) as { readonly pools: Pool[]; readonly asked: string[] };
  return {
    sequence,
    base,
    number,
    atMs,
    policyVersion,
    plannerVersion,
    changes,
    scope: { pools, asked },
    plan,
  };
};

/** Rows of a recording that are forgotten at a time, so that nobody waits for it. */
const FORGET = 5_000;

/**
 * Forgets cycles from before a time, as far as later ones can be read without them; true where there is more
 * to forget.
 */
export const forgetCycles = async ({ db }: Database, beforeMs: number): Promise<boolean> => {
  const { rows } = await sql<{ readonly gone: number }>`
    ${WRITERS}, kept AS (
      SELECT w.writer, (
        SELECT base FROM cycles c WHERE c.writer = w.writer AND c.at_ms >= ${beforeMs} ORDER BY at_ms, sequence LIMIT 1
      ) AS base FROM writers w WHERE w.writer IS NOT NULL
    ), gone AS (DELETE FROM cycles WHERE (writer, sequence) IN (
      SELECT c.writer, c.sequence FROM kept JOIN cycles c ON c.writer = kept.writer
        AND (kept.base IS NULL OR c.sequence < kept.base)
      LIMIT ${FORGET}
    ) RETURNING 1) SELECT count(*) AS gone FROM gone`.execute(db);
  return Number(rows[0]?.gone) === FORGET;
};
