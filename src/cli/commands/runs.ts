import type { ListRuns, Run } from '../../api/client/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { isDoubtful } from '../output/forecast-text.js';
import { ago, clock, clockRange, duration } from '../output/format.js';
import { elapsedSeconds, plainStatus, statusText } from '../output/run-text.js';
import { type Column, table } from '../output/table.js';
import { note, printJson, type Terminal, terminal } from '../output/terminal.js';

type RunsOptions = ApiOptions & ListRuns;

/** `signalbox runs`: the newest runs, one a line. */
export const runs = async ({ api, json, ...query }: RunsOptions): Promise<void> => {
  const page = await openClient(api === undefined ? {} : { api }).listRuns(query);
  if (json) return printJson(page);
  if (page.runs.length === 0) return note('No runs. `signalbox run FILE` starts one.');
  const to = terminal();
  for (const line of table(columns(to, Date.now()), page.runs, to)) to.print(line);
  if (page.next !== null) note(to.colours.dim(`More: signalbox runs --cursor ${page.next}`));
};

const columns = ({ colours }: Terminal, nowMs: number): Column<Run>[] => [
  { title: 'RUN', cell: ({ id }) => id },
  { title: 'STATUS', cell: plainStatus, paint: (text, run) => statusText(colours, run, text) },
  { title: 'PRIORITY', cell: ({ priority }) => priority },
  { title: 'TENANT', cell: ({ tenant }) => (tenant === 'default' ? '' : tenant) },
  { title: 'CREATED', cell: ({ createdAt }) => ago(createdAt, nowMs) },
  { title: 'TOOK', cell: (run) => duration(elapsedSeconds(run, nowMs)), align: 'right' },
  { title: 'FORECAST', cell: (run) => finish(run, nowMs) },
  {
    title: 'DEADLINE',
    cell: (run) => deadlineCell(run, nowMs),
    paint: (text, run) => (isDoubtful(run) ? colours.yellow(text) : text),
  },
  { title: 'ERROR', cell: ({ error }) => error?.message ?? '', flexible: true },
];

/** Its time; of an open run also whether it holds. */
const deadlineCell = ({ deadlineAt, outlook }: Run, nowMs: number): string => {
  if (deadlineAt === null) return '';
  return [clock(deadlineAt, nowMs), ...(outlook === null ? [] : [outlook.deadline])].join(' ');
};

const finish = ({ status, forecast, outlook }: Run, nowMs: number): string => {
  const { p50, p90 } = (outlook ?? forecast).finish;
  return status === 'running' ? `ends ${clockRange(p50, p90, nowMs)}` : '';
};
