import type { DeadlineVerdict } from '../../domain/index.js';
import type { Interval } from './expected-task.js';

/** Feasible where 9 of 10 such runs finish in time, at risk where half of them do, else infeasible; so too where nobody knows a start. */
export const verdictOf = (
  finishAtMs: Interval,
  deadlineAtMs: number | null,
  isStuck = false,
): DeadlineVerdict => {
  if (deadlineAtMs === null) return 'none';
  if (isStuck || finishAtMs.p50 > deadlineAtMs) return 'infeasible';
  return finishAtMs.p90 <= deadlineAtMs ? 'feasible' : 'at-risk';
};

/** What of the time that is left must be to spare before a run counts as safe again, lest the verdict go to and fro. */
const TO_SPARE = 0.1;

/** The verdict on a run on its way: past its deadline it has missed it, and it is safe again only with some time to spare. */
export const nextVerdict = (
  before: DeadlineVerdict,
  { finishAtMs, deadline }: { readonly finishAtMs: Interval; readonly deadline: DeadlineVerdict },
  deadlineAtMs: number | null,
  atMs: number,
): DeadlineVerdict => {
  if (deadlineAtMs === null) return 'none';
  if (atMs > deadlineAtMs) return 'missed';
  const isBetter = before === 'at-risk' || before === 'infeasible';
  const spareMs = deadlineAtMs - finishAtMs.p90;
  const isClose = spareMs < TO_SPARE * (finishAtMs.p90 - atMs);
  return deadline === 'feasible' && isBetter && isClose ? 'at-risk' : deadline;
};
