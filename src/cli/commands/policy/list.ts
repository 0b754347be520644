import type { PolicyRecord } from '../../../api/client/index.js';
import { type ApiOptions, openClient } from '../../address.js';
import { clock } from '../../output/format.js';
import { type Column, table } from '../../output/table.js';
import { printJson, type Terminal, terminal } from '../../output/terminal.js';

/** `signalbox policy list`: the policies that were in force, the newest first: since when, by whom, why. */
export const listPolicies = async (options: ApiOptions): Promise<void> => {
  const found = await openClient(options).listPolicies();
  if (options.json) return printJson(found);
  const to = terminal();
  for (const line of table(columns(to, Date.now()), found.policies, to)) to.print(line);
};

const columns = ({ colours }: Terminal, nowMs: number): Column<PolicyRecord>[] => [
  {
    title: 'POLICY',
    cell: ({ version }) => version,
    paint: (text, { active }) => (active ? colours.bold(text) : text),
  },
  { title: 'IN FORCE', cell: ({ active }) => (active ? 'yes' : ''), paint: (text) => colours.green(text) },
  { title: 'SINCE', cell: ({ activatedAt }) => clock(activatedAt, nowMs) },
  { title: 'BY', cell: ({ by }) => by },
  {
    title: 'WHY',
    cell: ({ kind, reason }) => (kind === 'rollback' ? `rolled back: ${reason}` : reason),
    flexible: true,
  },
];
