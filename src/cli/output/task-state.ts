import type { Task } from '../../api/client/index.js';
import { REASONS } from '../../domain/index.js';
import { clock, duration, durationRange } from './format.js';
import type { Colours } from './terminal.js';

type Paint = Exclude<keyof Colours, 'isColorSupported' | 'createColors'>;

/** How a task's state looks: one sign and one colour per state. */
const LOOKS: Record<Task['state'], { readonly sign: string; readonly paint: Paint }> = {
  pending: { sign: '·', paint: 'dim' },
  skipped: { sign: '·', paint: 'dim' },
  waiting: { sign: '◌', paint: 'yellow' },
  running: { sign: '●', paint: 'cyan' },
  succeeded: { sign: '✓', paint: 'green' },
  reused: { sign: '✓', paint: 'green' },
  failed: { sign: '✗', paint: 'red' },
  rejected: { sign: '✗', paint: 'red' },
  preempted: { sign: '↺', paint: 'yellow' },
  lost: { sign: '↺', paint: 'yellow' },
  revoked: { sign: '↺', paint: 'yellow' },
  cancelled: { sign: '∅', paint: 'dim' },
  withdrawn: { sign: '∅', paint: 'dim' },
};

/** The sign of a task's state. */
export const sign = ({ state }: Task): string => LOOKS[state].sign;
/** A text in the colour of a task's state. */
export const paintState = (colours: Colours, text: string, { state }: Task): string =>
  colours[LOOKS[state].paint](text);

/** Where a task is or was: its node, else the queue it is in, else its pool. */
export const placeOf = ({ node, queue, request }: Task): string => node ?? queue ?? request?.pool ?? '';

/** A task's forecast as one cell. */
export const forecastOf = ({ forecast }: Task): string =>
  forecast === null ? '' : durationRange(forecast.p50Seconds, forecast.p90Seconds);

/** Why a waiting task waits, in people's words: its place, when it should start, and all reasons. */
export const waitText = ({ wait }: Task, nowMs: number): string => {
  if (wait === null) return '';
  const place = wait.position === null ? [] : [`place ${wait.position}`];
  const eta = wait.eta === null ? [] : [startText(wait.eta.p50, nowMs)];
  const reasons = wait.blockers.map(({ code, detail }) => detail || REASONS[code]);
  return [[...place, ...eta].join(', '), reasons.join('; ')].filter((part) => part !== '').join(': ');
};

const startText = (at: string, nowMs: number): string =>
  `${Date.parse(at) < nowMs ? 'was to start' : 'starts'} about ${clock(at, nowMs)}`;

/** When a running task should end: by its own progress where it tells, else P50 of its forecast, once past that P90. */
export const etaText = (task: Task, nowMs: number): string => {
  if (task.startedAt === null || task.forecast === null) return '';
  const startedAtMs = Date.parse(task.startedAt);
  if (task.progress !== null && task.progress >= TELLING)
    return `ends about ${clock(startedAtMs + (nowMs - startedAtMs) / task.progress, nowMs)}`;
  const likelyMs = startedAtMs + task.forecast.p50Seconds * 1000;
  const latestMs = startedAtMs + task.forecast.p90Seconds * 1000;
  if (nowMs < likelyMs) return `ends about ${clock(likelyMs, nowMs)}`;
  return nowMs < latestMs ? `ends by ${clock(latestMs, nowMs)}` : 'longer than forecast';
};

/** A smaller part done says little of the whole. */
const TELLING = 0.05;

/** One sentence on how a task stands, for the line that is printed when it changes. */
export const sentence = (task: Task, nowMs: number): string => {
  const attempt = task.attempt > 1 ? ` (attempt ${task.attempt})` : '';
  switch (task.state) {
    case 'waiting':
      return `waiting${attempt}: ${waitText(task, nowMs)}`;
    case 'running':
      return `running on ${placeOf(task)}${attempt}, forecast ${forecastOf(task)}`;
    case 'reused':
      return 'reused an earlier result of the same inputs';
    case 'rejected':
      return `rejected: ${waitText(task, nowMs)}`;
    default:
      return `${task.state}${attempt}${ranText(task)}${task.error ? `: ${task.error.message}` : ''}`;
  }
};

const ranText = ({ ranSeconds }: Task): string =>
  ranSeconds === null ? '' : ` after ${duration(ranSeconds)}`;
