import type { DeadlineVerdict, Offer, PriorityClass } from '../../domain/index.js';
import { offerSentence, span, utc } from '../../planner/index.js';
import type { EventRow } from '../rows/index.js';

interface WatchDetail {
  readonly deadline: DeadlineVerdict;
  readonly deadlineAtMs: number;
  readonly finishAtMs: { readonly p50: number; readonly p90: number };
  readonly inTheWay: readonly string[];
  readonly offers: readonly Offer[];
}

/** A run's deadline is in doubt: by how much, what is in the way, and what could be done. */
export const deadlineAtRisk = ({ atMs, detail }: EventRow): string => {
  const { deadline, deadlineAtMs, finishAtMs, inTheWay, offers } = detail as unknown as WatchDetail;
  const verdict = deadline === 'at-risk' ? 'is at risk' : 'does not hold by the forecast';
  const [, ...others] = offers;
  return [
    `the deadline ${utc(deadlineAtMs, atMs)} ${verdict}: expected to finish about ${utc(finishAtMs.p50, atMs)}, in 9 of 10 cases by ${utc(finishAtMs.p90, atMs)}`,
    ...(inTheWay.length > 0 ? [`in the way: ${inTheWay.join('; ')}`] : []),
    ...others.map((offer) => offerSentence(offer, atMs)),
  ].join('; ');
};

/** It holds again. */
export const deadlineSafe = ({ atMs, detail }: EventRow): string => {
  const { deadlineAtMs, finishAtMs } = detail as unknown as WatchDetail;
  return `the deadline ${utc(deadlineAtMs, atMs)} is safe again: in 9 of 10 cases it finishes by ${utc(finishAtMs.p90, atMs)}`;
};

/** It has passed. */
export const deadlineMissed = ({ atMs, detail }: EventRow): string => {
  const { deadlineAtMs } = detail as unknown as WatchDetail;
  return `the deadline ${utc(deadlineAtMs, atMs)} passed ${span(atMs - deadlineAtMs)} ago, and it has not finished`;
};

/** The policy has given the run a higher class. */
export const deadlineRaised = ({ detail }: EventRow): string => {
  const { from, to } = detail as unknown as { readonly from: PriorityClass; readonly to: PriorityClass };
  return `raised from ${from} to ${to} by the policy, for its deadline`;
};
