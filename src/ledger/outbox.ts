import { sql } from 'kysely';
import type { PipelineSignals } from '../domain/index.js';
import type { OutboxItem } from './contract.js';
import type { Database } from './database/database.js';

/** A claimed item whose process dies comes again after so long. */
const CLAIM_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/** No item is ever put off for even half of that: one that seems to be was written by a clock that had jumped ahead. */
const NEVER_SO_LONG_MS = 2 * Math.max(CLAIM_MS, LONGEST_PAUSE_MS);

/** What may be ordered of a run that has yet to start. */
const ORDERS: readonly (keyof PipelineSignals)[] = ['cancel', 'pause', 'resume', 'setPriority'];

/**
 * Takes due items for delivery, oldest first; another process that claims at the same time gets others. What people order of a
 * run waits until its start has been delivered: Temporal knows of no run before, and the order would be lost.
 */
export const claimOutbox = async (
  { effects }: Database,
  limit: number,
  atMs: number,
): Promise<readonly OutboxItem[]> => {
  const rows = await effects
    .with('claimed', (with_) =>
      with_
        .updateTable('outbox')
        .set((row) => ({ dueAtMs: atMs + CLAIM_MS, tries: row('tries', '+', 1) }))
        .where('id', 'in', (from) =>
          from
            .selectFrom('outbox')
            .select('id')
            .where((row) =>
              row.or([row('dueAtMs', '<=', atMs), row('dueAtMs', '>', atMs + NEVER_SO_LONG_MS)]),
            )
            .where((row) =>
              row.or([
                row('name', 'is', null),
                row('name', 'not in', ORDERS),
                row.not(
                  row.exists(
                    row
                      .selectFrom('outbox as start')
                      .select('start.id')
                      .whereRef('start.runId', '=', 'outbox.runId')
                      .where('start.kind', '=', 'start-run'),
                  ),
                ),
              ]),
            )
            .orderBy('id')
            .limit(limit)
            .forUpdate()
            .skipLocked(),
        )
        .returningAll(),
    )
    .selectFrom('claimed')
    .leftJoin('specs', (join) =>
      join.onRef('specs.runId', '=', 'claimed.runId').on('claimed.kind', '=', 'start-run'),
    )
    .select([
      'claimed.id',
      'claimed.kind',
      'claimed.workflowId',
      'claimed.name',
      'claimed.payload',
      'claimed.tries',
      'specs.spec',
    ])
    .orderBy('claimed.id')
    .execute();
  return rows.map(({ id, kind, tries, spec, workflowId, name, payload }) => {
    const item =
      kind === 'start-run' ? { kind, spec: JSON.parse(spec as string) } : { kind, workflowId, name, payload };
    return { id, tries: tries - 1, ...item } as OutboxItem;
  });
};

/** Forgets items that have been delivered. */
export const completeOutbox = async ({ effects }: Database, ids: readonly number[]): Promise<void> => {
  if (ids.length > 0)
    await effects
      .deleteFrom('outbox')
      .where('id', 'in', [...ids])
      .execute();
};

/** Gives an item back after a failed delivery; the pause doubles each time, up to a minute. */
export const retryOutbox = async (
  { effects }: Database,
  id: number,
  error: string,
  atMs: number,
): Promise<void> => {
  const pause = sql<number>`${atMs}::bigint + least(${FIRST_PAUSE_MS} * power(2, least(tries - 1, 20)), ${LONGEST_PAUSE_MS})::bigint`;
  await effects
    .updateTable('outbox')
    .set({ dueAtMs: pause, lastError: error })
    .where('id', '=', id)
    .execute();
};
