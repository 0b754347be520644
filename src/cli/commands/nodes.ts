import type { Node } from '../../api/client/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { ago, bytes } from '../output/format.js';
import { type Column, table } from '../output/table.js';
import { note, printJson, type Terminal, terminal } from '../output/terminal.js';

/** `signalbox nodes`: the machines of all pools, what they have, what of it is taken and by whom. */
export const nodes = async (options: ApiOptions): Promise<void> => {
  const found = await openClient(options).listNodes();
  if (options.json) return printJson(found);
  if (found.nodes.length === 0) return note('No nodes. `signalbox worker --pool cpu` brings one.');
  const to = terminal();
  for (const line of table(columns(to, Date.now()), found.nodes, to)) to.print(line);
};

const STATE_PAINT = { active: 'green', draining: 'yellow', lost: 'red' } as const;

const columns = ({ colours }: Terminal, nowMs: number): Column<Node>[] => [
  { title: 'NODE', cell: ({ id }) => id },
  { title: 'POOL', cell: ({ pool }) => pool },
  {
    title: 'STATE',
    cell: ({ state, drained }) => (drained && state !== 'lost' ? `${state} by ${drained.by}` : state),
    paint: (text, { state }) => colours[STATE_PAINT[state]](text),
  },
  { title: 'DEVICES', cell: (node) => devices(node) },
  { title: 'CORES', cell: ({ used, capacity }) => share(used.cores, capacity.cores) },
  { title: 'MEMORY', cell: ({ used, capacity }) => memory(used.memoryBytes, capacity.memoryBytes) },
  { title: 'SLOTS', cell: ({ used, capacity }) => share(used.slots, capacity.slots) },
  { title: 'LOAD', cell: loadText },
  { title: 'GPU', cell: gpuText },
  {
    title: 'HEALTH',
    cell: ({ load }) => (load === null ? '' : load.problems.join('; ') || 'ok'),
    paint: (text, { load }) => (load?.problems.length ? colours.red(text) : text),
    flexible: true,
  },
  { title: 'SEEN', cell: ({ lastSeenAt }) => ago(lastSeenAt, nowMs) },
  { title: 'LABELS', cell: ({ labels }) => pairs(labels), flexible: true },
  {
    title: 'HELD BY',
    cell: ({ leases }) => leases.map(({ run, task }) => `${run}/${task}`).join(', '),
    flexible: true,
  },
];

const share = (used: number, capacity: number): string => (capacity === 0 ? '' : `${used}/${capacity}`);
const devices = ({ used, capacity, virtualDevices }: Node): string =>
  share(used.devices, capacity.devices) + (virtualDevices && capacity.devices > 0 ? ' virtual' : '');
const memory = (used: number, capacity: number): string =>
  capacity === 0 ? '' : `${used === 0 ? '0' : bytes(used)}/${bytes(capacity)}`;
const percent = (part: number): string => `${Math.round(part * 100)}%`;

/** How busy the machine itself is, whoever keeps it so. */
const loadText = ({ load }: Node): string => {
  if (load === null) return '';
  const cpu = load.cpuShare === null ? [] : [`cpu ${percent(load.cpuShare)}`];
  return [...cpu, `mem ${percent(load.memoryUsedBytes / Math.max(1, load.memoryBytes))}`].join(' ');
};

/** Of all its GPUs: how busy they are, how full, and the hottest. */
const gpuText = ({ load }: Node): string => {
  const devices = load?.devices ?? [];
  const [busy, full, heat] = [
    devices.flatMap(({ busyShare }) => busyShare ?? []),
    devices.flatMap(({ memoryUsedBytes, memoryBytes }) => (memoryUsedBytes ?? 0) / (memoryBytes || 1)),
    devices.flatMap(({ celsius }) => celsius ?? []),
  ];
  return [
    busy.length === 0 ? '' : percent(busy.reduce((sum, share) => sum + share, 0) / busy.length),
    full.length === 0 ? '' : `mem ${percent(full.reduce((sum, share) => sum + share, 0) / full.length)}`,
    heat.length === 0 ? '' : `${Math.max(...heat)}°C`,
  ]
    .filter((part) => part !== '')
    .join(' ');
};

const pairs = (labels: Node['labels']): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
