import type { Node } from '../../domain/index.js';
import type { Gate } from '../../planner/index.js';
import type { BreakerRow } from '../rows/index.js';

/** What of a node's breaker the planner sees. */
export const healthOf = (row: BreakerRow): Pick<Node, 'health'> =>
  row.startsLeft === null ? {} : { health: { startsLeft: row.startsLeft, detail: detailOf(row) } };

/** What of a pool's or a service's breaker the planner sees. */
export const gateOf = (row: BreakerRow): Gate | undefined =>
  row.startsLeft === null
    ? undefined
    : { startsLeft: row.startsLeft, detail: `${nameOf(row)}: ${detailOf(row)}`, untilMs: row.trialAtMs };

/** What a breaker guards, for people: "pool gpu". */
const nameOf = ({ scope }: BreakerRow): string => scope.replace('/', ' ');

const detailOf = ({ state, recent }: BreakerRow): string => {
  if (state === 'trial') return 'one attempt is let through on trial';
  if (state === 'ramp') return 'after an outage it begins again, a few tasks at a time';
  return `${recent.filter(({ failed }) => failed).length} of the last ${recent.length} attempts failed`;
};
