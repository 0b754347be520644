import type { RunId } from '../../../domain/index.js';
import type { Draft } from '../draft.js';

/** Orders a signal. */
export const signal = (
  draft: Draft,
  runId: RunId,
  {
    workflowId,
    name,
    payload,
  }: { readonly workflowId: string; readonly name: string; readonly payload: unknown },
): void => draft.append('outbox', { kind: 'signal', runId, workflowId, name, payload, dueAtMs: draft.atMs });
