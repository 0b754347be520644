import { Router } from 'express';
import { runId } from '../../domain/index.js';
import type { EventFilter, Ledger } from '../../ledger/index.js';
import { presentEvent } from '../present.js';
import { type EventsQuery, eventsQuery, parse } from '../requests.js';
import type { EventPage } from '../schemas.js';
import { streamEvents } from './event-stream.js';

/**
 * The ordered log, a page at a time; or, to whoever accepts `text/event-stream`, as server-sent events without an end. A stream's
 * `Last-Event-ID` says where to go on, so that nothing is lost or told twice over a lost connection.
 */
export const eventRoutes = (ledger: Ledger, stopping: AbortSignal): Router => {
  const routes = Router();
  routes.get('/events', async (request, response) => {
    const query = parse(eventsQuery, request.query);
    response.vary('Accept');
    if (request.accepts(['json', 'text/event-stream']) === 'text/event-stream') {
      const seen = Number(request.get('last-event-id') || Number.NaN);
      const { last: _, ...others } = query;
      const filter = filterOf(Number.isSafeInteger(seen) && seen >= 0 ? { ...others, after: seen } : query);
      return streamEvents(ledger, filter, response, stopping);
    }
    const { events, next } = await ledger.listEvents(filterOf(query));
    response.json({ events: events.map(presentEvent), next } satisfies EventPage);
  });
  return routes;
};

const filterOf = ({ after, last, run, kind, limit = 200 }: EventsQuery): EventFilter => ({
  limit,
  ...(after === undefined ? {} : { after }),
  ...(last === undefined ? {} : { last }),
  ...(run === undefined ? {} : { runId: runId(run) }),
  ...(kind === undefined ? {} : { kind }),
});
