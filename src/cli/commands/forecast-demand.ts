import type { Demand } from '../../api/client/index.js';
import type { Pool } from '../../domain/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { clockRange, count, duration } from '../output/format.js';
import { type Column, table } from '../output/table.js';
import { printJson, type Terminal, terminal } from '../output/terminal.js';

interface DemandOptions extends ApiOptions {
  readonly pool?: Pool;
  readonly hours: number;
}

type PoolDemand = Demand['pools'][number];
type Hour = PoolDemand['coming'][number];

/** Below a day the hours of the day are not yet known from each other, below two weeks those of the week. */
const DAY_HOURS = 24;
const TWO_WEEKS_HOURS = 14 * DAY_HOURS;

/** `signalbox forecast demand`: the work that should arrive at the pools in the coming hours. */
export const showDemand = async (options: DemandOptions): Promise<void> => {
  const { pool, hours } = options;
  const found = await openClient(options).demand({ hours, ...(pool ? { pool } : {}) });
  if (options.json) return printJson(found);
  const to = terminal();
  to.print(found.pools.map((one) => linesOf(one, to).join('\n')).join('\n\n'));
};

const linesOf = ({ pool, unit, hoursLearned, coming }: PoolDemand, to: Terminal): string[] => {
  const name = to.colours.bold(pool);
  if (coming.length === 0)
    return [`${name}: too little history; it takes tasks of a whole hour of the latest eight weeks.`];
  const what = `${unit.replace('-seconds', ' time')} arriving, learned from ${count(hoursLearned, 'hour')}`;
  return [`${name}: ${what}${caution(hoursLearned)}`, ...table(columns(Date.now()), coming, to)];
};

const caution = (hours: number): string => {
  if (hours < DAY_HOURS) return '; the time of day is not known yet';
  return hours < TWO_WEEKS_HOURS ? '; the day of the week is not known yet' : '';
};

const columns = (nowMs: number): readonly Column<Hour>[] => [
  { title: 'HOUR', cell: ({ from, to }) => clockRange(from, to, nowMs) },
  { title: 'EXPECTED', align: 'right', cell: ({ expected }) => duration(expected) },
  { title: '90% INTERVAL', align: 'right', cell: ({ low, high }) => `${duration(low)}–${duration(high)}` },
];
