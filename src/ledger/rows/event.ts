import type { EventKind, NodeId, RunId, TaskKey } from '../../domain/index.js';
import type { Columns } from './columns.js';

/** One line of the ordered log. Numbers come from the head's counter: who has seen n has seen all before it. */
export interface EventRow {
  readonly number: number;
  readonly atMs: number;
  readonly kind: EventKind;
  readonly runId: RunId | null;
  readonly taskKey: TaskKey | null;
  readonly attempt: number | null;
  readonly nodeId: NodeId | null;
  readonly policyVersion: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** An effect to deliver. */
export interface OutboxRow {
  readonly kind: 'start-run' | 'signal';
  readonly runId: RunId;
  readonly workflowId: string;
  readonly name: string | null;
  readonly payload: unknown;
  readonly dueAtMs: number;
}

export const EVENTS: Columns<EventRow> = {
  number: 'bigint',
  atMs: 'bigint',
  kind: 'text',
  runId: 'text',
  taskKey: 'text',
  attempt: 'integer',
  nodeId: 'text',
  policyVersion: 'text',
  detail: 'jsonb',
};

export const OUTBOX: Columns<OutboxRow> = {
  kind: 'text',
  runId: 'text',
  workflowId: 'text',
  name: 'text',
  payload: 'jsonb',
  dueAtMs: 'bigint',
};
