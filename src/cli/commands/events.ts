import type { Event } from '../../api/client/index.js';
import type { EventKind } from '../../domain/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { clock } from '../output/format.js';
import { wrap } from '../output/line.js';
import { note, printJson, type Terminal, terminal } from '../output/terminal.js';

interface EventOptions extends ApiOptions {
  readonly follow?: boolean;
  readonly run?: string;
  /** Checked by the API, which knows them all. */
  readonly kind?: EventKind;
  readonly after?: number;
  readonly last?: number;
}

/** How many are shown where nobody says from where on. */
const BACKLOG = 20;

/** `signalbox events`: the ordered log, a line an event; with --follow it goes on as events come. */
export const events = async ({ follow, run, kind, after, last, ...options }: EventOptions): Promise<void> => {
  const client = openClient(options);
  const from = after === undefined ? { last: last ?? BACKLOG } : { after };
  const query = { ...from, ...(run ? { run } : {}), ...(kind ? { kind } : {}) };
  if (!follow) {
    const page = await client.listEvents(query);
    if (options.json) return printJson(page);
    const to = terminal();
    for (const event of page.events) print(event, to);
    if (page.events.length === 0) note('No such event.');
    return;
  }
  const onLost = (error: Error) => note(`${error.message} Trying again.`);
  const { signal } = new AbortController();
  for await (const event of client.followEvents(query, { signal, onLost }))
    if (options.json) process.stdout.write(`${JSON.stringify(event)}\n`);
    else print(event, terminal());
};

const KIND_WIDTH = 16;

/** When, what, who, and the sentence; wrapped below its beginning on a terminal. */
const print = (event: Event, to: Terminal): void => {
  const when = clock(event.at, Date.now());
  const kind = event.kind.padEnd(KIND_WIDTH);
  const who = whoOf(event);
  const start = `${when}  ${kind}  ${who === '' ? '' : `${who}: `}`;
  const [first = '', ...rest] = wrap(event.sentence, to.width, start, '    ');
  const { dim, bold } = to.colours;
  const said = first.slice(when.length + 2 + KIND_WIDTH + 2);
  to.print([`${dim(when)}  ${bold(kind)}  ${said}`, ...rest].join('\n'));
};

/** The attempt, the run or the node that it is about; empty where it is about all. */
const whoOf = ({ run, task, attempt, node }: Event): string => {
  if (run === null) return node ?? '';
  if (task === null) return run;
  return attempt !== null && attempt > 1 ? `${run}/${task} (attempt ${attempt})` : `${run}/${task}`;
};
