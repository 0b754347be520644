import type { Pool } from '../../api/client/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { ago, clock } from '../output/format.js';
import { type Column, table } from '../output/table.js';
import { printJson, type Terminal, terminal } from '../output/terminal.js';

/** `signalbox pools`: how much waits and runs in each, and what keeps new work from starting. */
export const pools = async (options: ApiOptions): Promise<void> => {
  const found = await openClient(options).listPools();
  if (options.json) return printJson(found);
  const to = terminal();
  for (const line of table(columns(to, Date.now()), found.pools, to)) to.print(line);
};

const columns = ({ colours }: Terminal, nowMs: number): Column<Pool>[] => [
  { title: 'POOL', cell: ({ pool }) => pool },
  {
    title: 'STATE',
    cell: ({ pauses }) => (pauses.length > 0 ? 'paused' : 'open'),
    paint: (text, { pauses }) => colours[pauses.length > 0 ? 'yellow' : 'green'](text),
  },
  { title: 'NODES', cell: ({ nodes }) => nodesText(nodes) },
  { title: 'WAITING', cell: ({ waiting }) => String(waiting) },
  { title: 'RUNNING', cell: ({ running }) => String(running) },
  {
    title: 'PAUSED BY',
    cell: ({ pauses }) => pauses.map((pause) => pauseText(pause, nowMs)).join('; '),
    flexible: true,
  },
];

const nodesText = ({ active, draining, lost }: Pool['nodes']): string =>
  [`${active} active`, draining > 0 ? `${draining} draining` : '', lost > 0 ? `${lost} lost` : '']
    .filter((part) => part !== '')
    .join(', ');

const pauseText = ({ of, by, reason, since, until }: Pool['pauses'][number], nowMs: number): string =>
  `${by}${of === 'all' ? ', with everything,' : ''} ${ago(since, nowMs)}${until ? ` until ${clock(until, nowMs)}` : ''}: ${reason}`;
