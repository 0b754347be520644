import type { RunDetail, Task } from '../../api/client/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { ago, clock, count, duration, durationOr } from '../output/format.js';
import { deadlineText, elapsedSeconds, forecastLine, statusText } from '../output/run-text.js';
import { type Column, cut, oneLine, table } from '../output/table.js';
import { forecastOf, paintState, sign, waitText } from '../output/task-state.js';
import { printJson, type Terminal, terminal } from '../output/terminal.js';

/** `signalbox show RUN`: how a run stands, task by task. */
export const show = async (id: string, options: ApiOptions): Promise<void> => {
  const run = await openClient(options).getRun(id);
  if (options.json) return printJson(run);
  const to = terminal();
  for (const line of showLines(run, to, Date.now())) to.print(line);
};

/** A run for people: its particulars, its tasks as a table, and what they gave. */
export const showLines = (run: RunDetail, to: Terminal, nowMs: number): string[] => [
  ...headLines(run, to, nowMs),
  '',
  ...table(taskColumns(to, nowMs), run.tasks, to),
  ...outputLines(run.tasks, to),
];

const headLines = (run: RunDetail, { colours, width }: Terminal, nowMs: number): string[] => {
  const took = duration(elapsedSeconds(run, nowMs));
  const facts: [string, string][] = [
    ['run', `${run.priority} priority, tenant ${run.tenant}, ${count(run.tasks.length, 'task')}`],
    ['created', `${clock(run.createdAt, nowMs)} (${ago(run.createdAt, nowMs)})`],
    ['forecast', forecastLine(run, nowMs)],
    ['deadline', deadlineText(run, nowMs)],
    ['params', pairs(run.params)],
    [run.status === 'cancelled' ? 'reason' : 'error', run.error?.message ?? ''],
  ];
  return [
    `${colours.bold(run.id)}  ${statusText(colours, run)} ${run.endedAt === null ? 'for' : 'after'} ${took}`,
    ...facts
      .filter(([, fact]) => fact !== '')
      .map(([name, fact]) => `  ${colours.dim(name.padEnd(10))}${cut(oneLine(fact), width - 12)}`),
  ];
};

const taskColumns = ({ colours }: Terminal, nowMs: number): Column<Task>[] => [
  {
    title: 'TASK',
    cell: (task) => `${sign(task)} ${task.key}`,
    paint: (text, task) => paintSign(colours, text, task),
  },
  { title: 'STATE', cell: ({ state }) => state, paint: (text, task) => paintState(colours, text, task) },
  { title: 'ATTEMPT', cell: ({ attempt }) => (attempt > 1 ? String(attempt) : ''), align: 'right' },
  { title: 'POOL', cell: ({ request }) => request?.pool ?? '' },
  { title: 'NODE', cell: ({ node, request }) => node ?? (request ? '–' : '') },
  { title: 'FORECAST', cell: forecastOf, align: 'right' },
  { title: 'WAITED', cell: ({ waitedSeconds }) => durationOr(waitedSeconds), align: 'right' },
  { title: 'RAN', cell: ({ ranSeconds }) => durationOr(ranSeconds), align: 'right' },
  {
    title: 'DONE',
    cell: ({ progress, state }) => (progress === null || state !== 'running' ? '' : percent(progress)),
    align: 'right',
  },
  {
    title: 'UNSAVED',
    cell: ({ unsaved }) =>
      unsaved === null ? '' : `${duration(unsaved.seconds)}${unsaved.checkpointAt === null ? ' (all)' : ''}`,
    align: 'right',
  },
  {
    title: 'LOST',
    cell: ({ lostSeconds }) => (lostSeconds > 0 ? duration(lostSeconds) : ''),
    align: 'right',
  },
  { title: 'WHY', cell: (task) => whyText(task, nowMs), flexible: true },
];

const paintSign = (colours: Terminal['colours'], text: string, task: Task): string =>
  paintState(colours, text.slice(0, 1), task) + text.slice(1);

const percent = (part: number): string => `${Math.round(part * 100)}%`;

const whyText = (task: Task, nowMs: number): string => task.error?.message ?? waitText(task, nowMs);

const outputLines = (tasks: readonly Task[], { colours, width }: Terminal): string[] => {
  const giving = tasks.filter(({ outputs }) => Object.keys(outputs).length > 0);
  if (giving.length === 0) return [];
  const keyWidth = Math.max(...giving.map(({ key }) => key.length));
  const line = ({ key, outputs }: Task) =>
    `${key.padEnd(keyWidth)}  ${cut(pairs(outputs), width - keyWidth - 2)}`;
  return ['', colours.dim('OUTPUTS'), ...giving.map(line)];
};

const pairs = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : valueText(value)}`)
    .join('  ');

/** A file by its URI alone, anything else as JSON. */
const valueText = (value: unknown): string => {
  const uri = (value as { uri?: unknown } | null)?.uri;
  return typeof uri === 'string' ? uri : JSON.stringify(value);
};
