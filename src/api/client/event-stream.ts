import { SignalboxError } from '../../domain/index.js';
import type { EventsQuery } from '../requests.js';
import type { Event } from '../schemas.js';
import type { Call } from './transport.js';

/** Nothing heard for so long, three times as long as the server is ever silent: the connection is gone. */
const SILENCE_MS = 45_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** How to follow events: until `signal` aborts. `onLost` hears of each lost connection, before the next attempt. */
export interface Following {
  readonly signal: AbortSignal;
  readonly onLost?: (error: Error) => void;
}

/**
 * Events as they come, each once and in their order: after a lost connection it goes on after the last one. Throws what a later
 * attempt would not mend, such as a wrong query.
 */
export async function* followEvents(
  send: (call: Call) => Promise<Response>,
  query: EventsQuery,
  { signal, onLost }: Following,
): AsyncGenerator<Event> {
  let from: EventsQuery = query;
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      for await (const event of oneConnection(send, from, signal)) {
        const { last: _, ...rest } = from;
        from = { ...rest, after: event.number };
        pauseMs = FIRST_PAUSE_MS;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SignalboxError && error.status < 500 && error.code !== 'api-unreachable')
        throw error;
      onLost?.(error as Error);
    }
    if (!signal.aborted) await pause(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
}

async function* oneConnection(
  send: (call: Call) => Promise<Response>,
  query: EventsQuery,
  signal: AbortSignal,
): AsyncGenerator<Event> {
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), SILENCE_MS);
  const abort = AbortSignal.any([signal, silent.signal]);
  try {
    const headers = { accept: 'text/event-stream' };
    const { body } = await send({ path: '/v1/events', query, headers, signal: abort });
    for await (const block of blocksOf(body)) {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), SILENCE_MS);
      const data = block.split('\n').flatMap((line) => (line.startsWith('data: ') ? line.slice(6) : []));
      if (data.length > 0) yield JSON.parse(data.join('\n')) as Event;
    }
  } finally {
    clearTimeout(timer);
    silent.abort();
  }
}

/** What stands between empty lines; a part that the connection's end cut off is none. */
async function* blocksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    const blocks = (text + decoder.decode(chunk, { stream: true })).split('\n\n');
    text = blocks.pop() ?? '';
    yield* blocks;
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
