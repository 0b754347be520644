import type { Run } from '../../api/client/index.js';
import { clock, clockRange, duration, money } from './format.js';
import type { Colours } from './terminal.js';

const STATUS_PAINT = { running: 'cyan', succeeded: 'green', failed: 'red', cancelled: 'yellow' } as const;

/** A run's status, coloured; a paused run says so. */
export const statusText = (colours: Colours, { status, paused }: Run, text?: string): string =>
  colours[STATUS_PAINT[status]](text ?? plainStatus({ status, paused }));

/** The same without colour. */
export const plainStatus = ({ status, paused }: Pick<Run, 'status' | 'paused'>): string =>
  status === 'running' && paused ? 'paused' : status;

/** How long a run has taken, or takes so far. */
export const elapsedSeconds = ({ createdAt, endedAt }: Run, nowMs: number): number =>
  ((endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(createdAt)) / 1000;

/** What was forecast at submission, as one line. */
export const forecastLine = ({ forecast }: Pick<Run, 'forecast'>, nowMs: number): string => {
  const start = `starts ${clockRange(forecast.start.p50, forecast.start.p90, nowMs)}`;
  const finish = `finishes ${clockRange(forecast.finish.p50, forecast.finish.p90, nowMs)}`;
  const { p50, p90 } = forecast.costMicroUsd;
  const range = money(p50) === money(p90) ? money(p50) : `${money(p50)}–${money(p90)}`;
  const cost = p90 === 0 ? [] : [`costs ${range}`];
  return [start, finish, ...cost].join(', ');
};

/** What is expected by now, where that is not what was forecast. */
const now = (
  { outlook, forecast }: Pick<Run, 'forecast'> & Partial<Pick<Run, 'outlook'>>,
  nowMs: number,
): string[] => {
  if (!outlook || outlook.finish.p90 === forecast.finish.p90) return [];
  const finish = `now expected to finish ${clockRange(outlook.finish.p50, outlook.finish.p90, nowMs)}`;
  return [finish, ...(outlook.raisedTo === null ? [] : [`raised to ${outlook.raisedTo} for it`])];
};

const DEADLINE = {
  none: '',
  feasible: 'should hold',
  'at-risk': 'at risk',
  infeasible: 'cannot hold by the forecast',
  missed: 'missed',
} as const;

/** The deadline, and whether it holds: as it came out for a run that succeeded, by the forecast for one that runs. */
export const deadlineText = (
  run: Pick<Run, 'deadlineAt' | 'forecast'> & Partial<Pick<Run, 'endedAt' | 'status' | 'outlook'>>,
  nowMs: number,
): string => {
  if (run.deadlineAt === null) return '';
  const at = clock(run.deadlineAt, nowMs);
  if (run.endedAt === null || run.endedAt === undefined)
    return [
      `${at}, ${DEADLINE[(run.outlook ?? run.forecast).deadline]}`.replace(/, $/, ''),
      ...now(run, nowMs),
    ].join('; ');
  if (run.status !== 'succeeded') return at;
  const spareSeconds = (Date.parse(run.deadlineAt) - Date.parse(run.endedAt)) / 1000;
  return spareSeconds >= 0
    ? `${at}, met with ${duration(spareSeconds)} to spare`
    : `${at}, missed by ${duration(-spareSeconds)}`;
};
