import { ApplicationFailure } from '@temporalio/common';
import {
  type AdvanceAnswer,
  type AdvanceRequest,
  FINAL_REFUSALS,
  SignalboxError,
} from '../../src/domain/index.js';
import type { Ledger } from '../../src/ledger/index.js';

/** The control worker's only activity. */
export interface PolicyActivities {
  advance(request: AdvanceRequest): Promise<AdvanceAnswer>;
}

/**
 * The policy activity: one turn of a run against the ledger, as a local activity. It may run twice for one turn (a signal
 * at the wrong moment, a killed worker); the ledger is idempotent per task and attempt, so nothing happens twice.
 */
export const createPolicyActivities = ({
  ledger,
}: {
  readonly ledger: Pick<Ledger, 'advance'>;
}): PolicyActivities => ({
  advance: (request) =>
    ledger.advance(request).catch((error) => {
      throw isFinal(error) ? ApplicationFailure.nonRetryable(error.message, error.code) : error;
    }),
});

const isFinal = (error: unknown): error is SignalboxError =>
  error instanceof SignalboxError && FINAL_REFUSALS.includes(error.code);
