import {
  type Client,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { Logger } from 'pino';
import {
  CONTROL_QUEUE,
  PIPELINE_WORKFLOW,
  type RunEnd,
  type RunSpec,
  SEARCH_ATTRIBUTES,
} from '../src/domain/index.js';
import type { Ledger, OutboxItem, SignalItem } from '../src/ledger/index.js';
import { fence } from './fencing.js';

const BATCH = 100;
/** Also looks without being woken: items whose delivery failed come due, and a wake-up may be lost. */
const IDLE_MS = 1_000;

/** A loop that carries the ledger's effects to Temporal. */
export interface Dispatcher {
  stop(): Promise<void>;
}

interface Deps {
  readonly ledger: Pick<Ledger, 'claimOutbox' | 'completeOutbox' | 'retryOutbox' | 'onOutbox' | 'closeRun'>;
  readonly client: Client;
  readonly log: Logger;
}

/** Starts delivering: at least once, since a crash between delivery and completion delivers again. */
export const startDispatcher = ({ ledger, client, log }: Deps): Dispatcher => {
  const bell = createBell();
  const unsubscribe = ledger.onOutbox(bell.ring);
  let stopping = false;

  /** True where more may be due: what waited for a run's start is, once that is delivered. */
  const deliverDue = async (): Promise<boolean> => {
    const items = await ledger.claimOutbox(BATCH);
    const delivered = await Promise.all(items.map((item) => tryDeliver(item)));
    const done = items.filter((_, index) => delivered[index]).map(({ id }) => id);
    if (done.length > 0) await ledger.completeOutbox(done);
    return items.length === BATCH || items.some(({ kind }) => kind === 'start-run');
  };

  const tryDeliver = async (item: OutboxItem): Promise<boolean> => {
    try {
      await deliver(client, item);
      return true;
    } catch (error) {
      if (item.kind === 'start-run' && isRefused(error)) {
        await ledger.closeRun(item.spec.runId, refusal(error));
        return true;
      }
      log.warn(
        { err: error, item: item.id, kind: item.kind, tries: item.tries },
        'an outbox item could not be delivered',
      );
      await ledger.retryOutbox(item.id, error instanceof Error ? error.message : String(error));
      return false;
    }
  };

  const loop = async (): Promise<void> => {
    while (!stopping) {
      const more = await deliverDue().catch((error) => {
        log.error({ err: error }, 'the outbox cannot be read');
        return false;
      });
      if (!more && !stopping) await bell.heard(IDLE_MS);
    }
  };

  const finished = loop();
  return {
    async stop() {
      stopping = true;
      unsubscribe();
      bell.ring();
      await finished;
    },
  };
};

const deliver = async (client: Client, item: OutboxItem): Promise<void> => {
  try {
    if (item.kind === 'start-run') await startRun(client, item.spec);
    else await tell(client, item);
  } catch (error) {
    const nobodyWaits = error instanceof WorkflowNotFoundError && item.kind === 'signal';
    if (!nobodyWaits && !(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
};

const tell = async (client: Client, { workflowId, ...signal }: SignalItem): Promise<void> => {
  await client.workflow.getHandle(workflowId).signal(signal.name, signal.payload);
  if (signal.name === 'revoke') await fence(client, workflowId, signal.payload);
};

const INVALID_ARGUMENT = 3;

/** Temporal will never take it, however often it is asked: a run larger than its limits, say. */
const isRefused = (error: unknown): error is Error => {
  const cause = error instanceof Error ? error.cause : undefined;
  return isGrpcServiceError(cause) && cause.code === INVALID_ARGUMENT;
};

const refusal = (error: Error): RunEnd => ({
  status: 'failed',
  error: {
    code: 'start-refused',
    message: `Temporal refused to start it: ${(error.cause as Error).message}`,
  },
});

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

const startRun = (client: Client, spec: RunSpec) =>
  client.workflow.start(PIPELINE_WORKFLOW, {
    workflowId: spec.runId,
    taskQueue: CONTROL_QUEUE,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    args: [spec],
    typedSearchAttributes: [
      { key: keyword(SEARCH_ATTRIBUTES.pipeline), value: spec.pipeline.name },
      { key: keyword(SEARCH_ATTRIBUTES.tenant), value: spec.tenant },
      { key: keyword(SEARCH_ATTRIBUTES.priorityClass), value: spec.priorityClass },
      { key: keyword(SEARCH_ATTRIBUTES.phase), value: 'running' },
    ],
    staticSummary: `${spec.pipeline.name} (${spec.priorityClass})`,
  });

/** A wake-up that is not lost when it rings before anyone listens. */
const createBell = () => {
  let rung = false;
  let wake: (() => void) | null = null;
  return {
    ring: (): void => {
      rung = true;
      wake?.();
    },
    heard: async (atMostMs: number): Promise<void> => {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, atMostMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      rung = false;
      wake = null;
    },
  };
};
