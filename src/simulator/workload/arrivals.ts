import { PRIORITY_CLASSES, type PriorityClass } from '../../domain/index.js';
import type { TraceRow } from '../../forecast/index.js';
import { type Cells, MOMENT, SECONDS, said } from './cells.js';
import type { SimRun } from './types.js';

/** What a row says of a run's arrival, whatever the run consists of. */
export type Arrival = Pick<SimRun, 'submitAtMs' | 'deadlineAtMs' | 'tenant' | 'priorityClass'>;

/** The columns of an arrival; all but the first may be absent. */
export const ARRIVAL_COLUMNS = ['submit_s', 'tenant', 'priority', 'deadline_s'];

/** Reads arrivals row by row; notes bad cells, and each row that is earlier than the one before it. */
export const arrivalReader = (cells: Cells): ((row: TraceRow) => Arrival) => {
  let latest = { submitS: 0, line: 1 };
  return (row) => {
    const submitS = cells.number(row, 'submit_s', MOMENT);
    if (submitS < latest.submitS) {
      const message = `${submitS} is earlier than ${latest.submitS} in line ${latest.line}`;
      cells.wrong(row.line, 'submit_s', message, 'sort the rows by submit_s');
    } else if (submitS >= latest.submitS) latest = { submitS, line: row.line };
    return {
      submitAtMs: submitS * 1000,
      deadlineAtMs: deadlineOf(row, submitS, cells),
      tenant: row.cells.tenant?.trim() || 'default',
      priorityClass: priorityOf(row, cells),
    };
  };
};

const priorityOf = ({ line, cells }: TraceRow, of: Cells): PriorityClass => {
  const cell = cells.priority?.trim() || 'normal';
  const found = PRIORITY_CLASSES.find((name) => name === cell);
  if (found === undefined) {
    const mend = `give one of ${PRIORITY_CLASSES.join(', ')}`;
    of.wrong(line, 'priority', `${said(cell)} is no priority class`, mend);
  }
  return found ?? 'normal';
};

/** `deadline_s` counts from the submission; an empty cell is no deadline. */
const deadlineOf = (row: TraceRow, submitS: number, cells: Cells): number | null => {
  if ((row.cells.deadline_s ?? '').trim() === '') return null;
  return (submitS + cells.number(row, 'deadline_s', SECONDS)) * 1000;
};
