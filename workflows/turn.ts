import { ApplicationFailure, CancellationScope, scheduleLocalActivity, sleep } from '@temporalio/workflow';
import { type AdvanceAnswer, type AdvanceRequest, FINAL_REFUSALS } from '../src/domain/advance.js';

/** The ledger answers in milliseconds or not at all; a longer wait would only keep the run from hearing its signals. */
const ANSWER_TIMEOUT = '5s';
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Asks the policy activity once: a local activity, so that the answer is a marker in the history and costs no dispatch.
 * Null where the ledger could not answer. Throws where no later try can mend its refusal.
 */
export const ask = async (request: AdvanceRequest): Promise<AdvanceAnswer | null> => {
  try {
    return await scheduleLocalActivity<AdvanceAnswer>('advance', [request], {
      startToCloseTimeout: ANSWER_TIMEOUT,
      retry: { maximumAttempts: 1 },
      summary: summaryOf(request),
    });
  } catch (error) {
    if (isFinal(error)) throw error;
    return null;
  }
};

/** How long to wait before the next try after `failures` unanswered ones; the wait is a durable timer. */
export const pauseAfter = (failures: number): Promise<void> =>
  durableWait(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS));

/** A timer that outlives the run's cancellation, so that nobody has to handle its own. */
export const durableWait = (ms: number): Promise<void> => CancellationScope.nonCancellable(() => sleep(ms));

/** A local activity's failure comes as it was thrown; only a regular one's is wrapped. */
const isFinal = (error: unknown): boolean =>
  error instanceof ApplicationFailure && FINAL_REFUSALS.includes(error.type ?? '');

const summaryOf = ({ ended, ready, end }: AdvanceRequest): string => {
  const parts = [
    ended.length > 0 ? `${ended.length} ended` : '',
    ready.length > 0 ? `${ready.length} ready` : '',
    end ? `run ${end.status}` : '',
  ].filter((part) => part !== '');
  return parts.length > 0 ? parts.join(', ') : 'asks again';
};
