import type { EventFilter, EventPage, EventRecord } from '../contract.js';
import type { Database } from '../database/database.js';
import type { EventRow } from '../rows/index.js';
import { sentenceOf } from './sentences.js';

/**
 * Events after a number, or the newest so many, in their order. `next` is where to read on: of the log's end, as it was before the page
 * was read, where the page is the last, so that a reader with a filter need not look at the rest again.
 */
export const listEvents = async (database: Database, filter: EventFilter): Promise<EventPage> => {
  const end = await endOf(database);
  const rows = await (filter.last === undefined ? after(database, filter) : newest(database, filter));
  const isFull = filter.last === undefined && rows.length === filter.limit;
  const last = rows.at(-1)?.number ?? filter.after ?? 0;
  return { events: rows.map(recordOf), next: isFull ? last : Math.max(last, end) };
};

const endOf = async ({ db }: Database): Promise<number> =>
  (await db.selectFrom('head').select('events').executeTakeFirstOrThrow()).events;

const after = (database: Database, { after: number = 0, limit, ...filter }: EventFilter) =>
  chosen(database, filter).where('number', '>', number).orderBy('number').limit(limit).execute();

const newest = async (database: Database, { last = 0, limit, ...filter }: EventFilter) =>
  (
    await chosen(database, filter).orderBy('number', 'desc').limit(Math.min(last, limit)).execute()
  ).toReversed();

const chosen = ({ db }: Database, { runId, kind }: Pick<EventFilter, 'runId' | 'kind'>) =>
  db
    .selectFrom('events')
    .selectAll()
    .$if(runId !== undefined, (query) => query.where('runId', '=', runId ?? null))
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind as EventRow['kind']));

const recordOf = (event: EventRow): EventRecord => ({ ...event, sentence: sentenceOf(event) });
