import type { AdvanceAnswer, Granted, Revoked, TaskActivityInput } from '../../../../src/domain/index.js';

/** The parts of a history's event that we read, whatever its type. */
export interface HistoryEvent {
  readonly eventId?: unknown;
  readonly eventTime?: { readonly seconds?: unknown; readonly nanos?: number | null } | null;
  readonly activityTaskScheduledEventAttributes?: { readonly input?: Payloads | null } | null;
  readonly activityTaskCompletedEventAttributes?: { readonly scheduledEventId?: unknown } | null;
  readonly workflowExecutionSignaledEventAttributes?: {
    readonly signalName?: string | null;
    readonly input?: Payloads | null;
  } | null;
  readonly markerRecordedEventAttributes?: {
    readonly details?: Readonly<Record<string, Payloads>> | null;
  } | null;
  readonly childWorkflowExecutionStartedEventAttributes?: {
    readonly workflowExecution?: { readonly workflowId?: string | null } | null;
  } | null;
}
interface Payloads {
  readonly payloads?: readonly { readonly data?: Uint8Array | null }[] | null;
}

/** A signal about leases that a run was sent, or could have been sent instead of an answer. */
export type Said =
  | { readonly name: 'grant'; readonly payload: Granted }
  | { readonly name: 'revoke'; readonly payload: Revoked }
  | { readonly name: 'preempt'; readonly payload: unknown };

/** All that a run was told of its leases, by signal and by answer, in order. */
export const saidTo = (events: readonly HistoryEvent[]): Said[] =>
  events.flatMap((event) => {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal?.signalName && ['grant', 'revoke', 'preempt'].includes(signal.signalName))
      return [{ name: signal.signalName, payload: read(signal.input) } as Said];
    const answer = read(event.markerRecordedEventAttributes?.details?.result) as AdvanceAnswer | null;
    return (answer?.verdicts ?? []).flatMap((verdict): Said[] => {
      if (verdict.kind === 'granted') return [{ name: 'grant', payload: verdict }];
      return verdict.kind === 'revoked' ? [{ name: 'revoke', payload: verdict }] : [];
    });
  });

/** An attempt whose completion stands in a history. */
export interface Completion {
  readonly task: string;
  readonly lease: string;
  readonly atMs: number;
}

/** The attempts that a history says were completed. */
export const completionsIn = (events: readonly HistoryEvent[]): Completion[] => {
  const byId = new Map(events.map((event) => [String(event.eventId), event]));
  return events.flatMap((event) => {
    const scheduled = event.activityTaskCompletedEventAttributes?.scheduledEventId;
    if (scheduled === undefined || scheduled === null) return [];
    const input = read(
      byId.get(String(scheduled))?.activityTaskScheduledEventAttributes?.input,
    ) as TaskActivityInput | null;
    return input === null ? [] : [{ task: input.taskKey, lease: input.lease.id, atMs: timeOf(event) }];
  });
};

/** The child workflows that a history has started. */
export const childrenIn = (events: readonly HistoryEvent[]): string[] =>
  events.flatMap(
    (event) => event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId ?? [],
  );

const read = (payloads: Payloads | null | undefined): unknown => {
  const data = payloads?.payloads?.[0]?.data;
  return data ? JSON.parse(Buffer.from(data).toString('utf8')) : null;
};

const timeOf = ({ eventTime }: HistoryEvent): number =>
  Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1_000_000;
