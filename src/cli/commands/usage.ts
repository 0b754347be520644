import type { Usage } from '../../api/client/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { clock, count, money } from '../output/format.js';
import { type Column, table } from '../output/table.js';
import { note, printJson, type Terminal, terminal } from '../output/terminal.js';

interface UsageOptions extends ApiOptions {
  readonly tenant?: string;
}
type Tenant = Usage['tenants'][number];
type Period = Tenant['day'];

/** `signalbox usage`: what tenants spend and hold, beside what the policy gives them. */
export const usage = async ({ tenant, ...options }: UsageOptions): Promise<void> => {
  const found = await openClient(options).usage(tenant);
  if (options.json) return printJson(found);
  const to = terminal();
  if (found.tenants.length === 0) note('No tenant has used anything yet.');
  else for (const line of table(columns(to), found.tenants, to)) to.print(line);
  for (const line of breakerLines(found, to)) to.print(line);
};

const columns = ({ colours }: Terminal): Column<Tenant>[] => [
  { title: 'TENANT', cell: ({ tenant }) => tenant },
  ...(['day', 'month'] as const).flatMap((span): Column<Tenant>[] => [
    {
      title: span === 'day' ? 'TODAY' : 'MONTH',
      cell: (row) => spent(row[span]),
      paint: (text, row) => (left(row[span]) > 0 ? text : colours.red(text)),
    },
    { title: 'RESERVED', cell: (row) => orNothing(row[span].reservedMicroUsd) },
    {
      title: 'OVERRUN',
      cell: (row) => orNothing(row[span].overrunMicroUsd),
      paint: (text) => colours.yellow(text),
    },
  ]),
  { title: 'SHARE', cell: ({ share }) => `${Math.round(share * 100)}%`, align: 'right' },
  { title: 'WEIGHT', cell: ({ weight }) => `${weight}`, align: 'right' },
  { title: 'HOLDS', cell: holds, flexible: true },
];

const spent = ({ spentMicroUsd, budgetMicroUsd }: Period): string =>
  `${money(spentMicroUsd)}${budgetMicroUsd === null ? '' : ` of ${money(budgetMicroUsd)}`}`;
const left = ({ spentMicroUsd, reservedMicroUsd, budgetMicroUsd }: Period): number =>
  (budgetMicroUsd ?? Number.POSITIVE_INFINITY) - spentMicroUsd - reservedMicroUsd;
const orNothing = (microUsd: number): string => (microUsd === 0 ? '' : money(microUsd));

/** What of each kind it holds, with its quota: `2/8 devices, 4 cores`. */
const holds = ({ held, quota }: Tenant): string =>
  (['devices', 'cores', 'slots'] as const)
    .flatMap((kind) => {
      const most = quota?.[kind];
      if (most !== undefined) return [`${held[kind]}/${most} ${kind}`];
      return held[kind] === 0 ? [] : [count(held[kind], kind.slice(0, -1))];
    })
    .join(', ');

const breakerLines = ({ breaker, at }: Usage, { colours }: Terminal): string[] =>
  (['hour', 'day'] as const).flatMap((span) => {
    const { spentMicroUsd, reservedMicroUsd, limitMicroUsd, open, until } = breaker[span];
    if (limitMicroUsd === null) return [];
    const used = money(spentMicroUsd + reservedMicroUsd);
    const amounts = `All tenants together: ${used} of ${money(limitMicroUsd)} in this ${span}`;
    return [
      open ? colours.red(`${amounts}; nothing more starts before ${clock(until, Date.parse(at))}`) : amounts,
    ];
  });
