import type { WriteStream } from 'node:tty';
import type { RunDetail, Task } from '../../api/client/index.js';
import { clockRange, count, duration, durationOr } from '../output/format.js';
import { line, type Piece } from '../output/line.js';
import { elapsedSeconds, plainStatus, statusText } from '../output/run-text.js';
import { cut, textWidth } from '../output/table.js';
import { etaText, paintState, placeOf, sign, waitText } from '../output/task-state.js';
import { type Colours, type Terminal, terminal } from '../output/terminal.js';
import { bar } from './bar.js';
import type { Watcher } from './follow.js';

const REDRAW_MS = 200;
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

/** For people at a terminal: one block, a line per task, redrawn in place. */
export const liveWatcher = (stream: WriteStream): Watcher => {
  let run: RunDetail | null = null;
  let drawn = 0;
  const draw = () => {
    if (run === null) return;
    const lines = blockLines(run, terminal(stream), Date.now());
    const back = drawn === 0 ? HIDE_CURSOR : `\x1b[${drawn}A\x1b[0J`;
    stream.write(`${back}${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const timer = setInterval(draw, REDRAW_MS);
  return {
    update(next) {
      run = next;
      draw();
    },
    end() {
      clearInterval(timer);
      if (drawn > 0) stream.write(SHOW_CURSOR);
      drawn = 0;
      run = null;
    },
  };
};

/** The block: the run, its tasks as far as the terminal is high, and a count of the rest. */
export const blockLines = (run: RunDetail, to: Terminal, nowMs: number): string[] => {
  const { shown, hidden } = choose(run.tasks, to.height - 4);
  const longest = Math.max(...shown.map(({ key }) => textWidth(key)), 4);
  const keyWidth = Math.min(longest, Math.floor(to.width / 3));
  const placeWidth = Math.max(...shown.map((task) => textWidth(placeOf(task))), 2);
  return [
    headLine(run, to, nowMs),
    ...shown.map((task) => taskLine(task, { keyWidth, placeWidth }, to, nowMs)),
    ...(hidden.length === 0 ? [] : [line([[`  … and ${tally(hidden)}`, to.colours.dim]], to.width)]),
  ];
};

const headLine = (run: RunDetail, { colours, width }: Terminal, nowMs: number): string => {
  const { p50, p90 } = run.forecast.finish;
  const until = run.status === 'running' ? `, forecast to finish ${clockRange(p50, p90, nowMs)}` : '';
  return line(
    [
      [run.id, colours.bold],
      ['  '],
      [plainStatus(run), (text) => statusText(colours, run, text)],
      [`  ${duration(elapsedSeconds(run, nowMs))}, ${run.priority} priority${until}`],
    ],
    width,
  );
};

interface Widths {
  readonly keyWidth: number;
  readonly placeWidth: number;
}

const STATE_WIDTH = 'succeeded'.length;

const taskLine = (task: Task, widths: Widths, { colours, width }: Terminal, nowMs: number): string => {
  const key = cut(task.key, widths.keyWidth).padEnd(widths.keyWidth);
  return line(
    [
      ['  '],
      [`${sign(task)} ${key}  ${task.state.padEnd(STATE_WIDTH)}`, (text) => paintState(colours, text, task)],
      [`  ${placeOf(task).padEnd(widths.placeWidth)}  `],
      ...(task.state === 'running' ? runningTail(task, colours, nowMs) : otherTail(task, colours, nowMs)),
    ],
    width,
  );
};

const otherTail = (task: Task, { dim }: Colours, nowMs: number): Piece[] => {
  if (task.error !== null) return [[task.error.message]];
  return [[task.wait === null ? durationOr(task.ranSeconds) : waitText(task, nowMs), dim]];
};

const runningTail = (task: Task, { yellow, cyan }: Colours, nowMs: number): Piece[] => {
  const ranSeconds = task.startedAt === null ? 0 : Math.max(0, (nowMs - Date.parse(task.startedAt)) / 1000);
  const { p50Seconds = 0, p90Seconds = 0 } = task.forecast ?? {};
  const progress = task.progress === null ? '' : `, ${Math.round(task.progress * 100)}% done`;
  const part = task.progress ?? (p50Seconds > 0 ? ranSeconds / p50Seconds : 0);
  return [
    [bar(part), ranSeconds > p90Seconds ? yellow : cyan],
    [` ${duration(ranSeconds)} of about ${duration(p50Seconds)}, ${etaText(task, nowMs)}${progress}`],
  ];
};

/** Which tasks are worth a line where not all have room: what runs or went wrong, then what waits, then the rest. */
const choose = (tasks: readonly Task[], room: number): { shown: Task[]; hidden: Task[] } => {
  if (tasks.length <= room) return { shown: [...tasks], hidden: [] };
  const best = new Set([...tasks].sort((a, b) => rank(a) - rank(b)).slice(0, Math.max(1, room - 1)));
  return { shown: tasks.filter((task) => best.has(task)), hidden: tasks.filter((task) => !best.has(task)) };
};

const RANKS: Partial<Record<Task['state'], number>> = {
  running: 0,
  failed: 1,
  rejected: 1,
  waiting: 2,
  pending: 4,
};
const rank = ({ state }: Task): number => RANKS[state] ?? 3;

const tally = (tasks: readonly Task[]): string => {
  const counts = new Map<string, number>();
  for (const { state } of tasks) counts.set(state, (counts.get(state) ?? 0) + 1);
  return `${count(tasks.length, 'more task')}: ${[...counts].map(([state, n]) => `${n} ${state}`).join(', ')}`;
};
