import { once } from 'node:events';
import type { Response } from 'express';
import type { EventFilter, Ledger } from '../../ledger/index.js';
import { presentEvent } from '../present.js';

/** So often something is written, so that both sides notice a connection that is gone. */
const ALIVE_MS = 15_000;
/** Events are read so many at a time, as the reader takes them: one who is slow, or stops reading, costs no memory. */
const PAGE = 100;

/** Writes events as they come, from the filter's place in the log on, until the reader goes or the API stops. */
export const streamEvents = async (
  ledger: Pick<Ledger, 'listEvents' | 'onEvents'>,
  { last, ...filter }: EventFilter,
  response: Response,
  stopping: AbortSignal,
): Promise<void> => {
  const gone = new AbortController();
  const stop = () => gone.abort();
  response.once('close', stop);
  stopping.addEventListener('abort', stop);
  const news = new News(gone.signal);
  const forget = ledger.onEvents(() => news.come());
  response.set({
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  try {
    let page = await ledger.listEvents(last === undefined ? { ...filter, limit: PAGE } : { ...filter, last });
    while (!gone.signal.aborted) {
      for (const event of page.events)
        await write(response, `id: ${event.number}\ndata: ${JSON.stringify(presentEvent(event))}\n\n`, gone);
      if (page.events.length < PAGE && !(await news.next(ALIVE_MS)))
        await write(response, ': alive\n\n', gone);
      if (!gone.signal.aborted) page = await ledger.listEvents({ ...filter, after: page.next, limit: PAGE });
    }
  } catch (error) {
    // The answer has begun: its reader hears of it by the end of the connection, and comes back.
    if (!gone.signal.aborted) response.destroy(error as Error);
  } finally {
    forget();
    stopping.removeEventListener('abort', stop);
    response.end();
  }
};

/** Writes, and waits until there is room for more. */
const write = async (response: Response, text: string, { signal }: AbortController): Promise<void> => {
  if (signal.aborted || response.write(text)) return;
  await once(response, 'drain', { signal }).catch(() => undefined);
};

/** Remembers that something has come since somebody last waited for it. */
class News {
  #hasCome = false;
  #wake: () => void = () => undefined;

  constructor(private readonly gone: AbortSignal) {
    gone.addEventListener('abort', () => this.#wake());
  }

  come(): void {
    this.#hasCome = true;
    this.#wake();
  }

  /** Waits for something, at most so long; false where nothing came. */
  async next(withinMs: number): Promise<boolean> {
    if (!this.#hasCome && !this.gone.aborted)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    const hasCome = this.#hasCome;
    this.#hasCome = false;
    return hasCome;
  }
}
