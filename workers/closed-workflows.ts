import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { PIPELINE_WORKFLOW } from '../src/domain/index.js';

/** Temporal's list lags behind by milliseconds on one server, by a second or so on a cluster; what comes later the full comparison finds. */
const LAG_MS = 5_000;
/** A run that ends by itself tells the ledger so; these are the ends of those that may not have. */
const ENDED = `WorkflowType = '${PIPELINE_WORKFLOW}' AND ExecutionStatus IN ('Terminated', 'TimedOut', 'Failed', 'Canceled')`;

/** Workflows that have been closed since the last look, by Temporal's own clock; nothing here depends on ours. */
export class ClosedWorkflows {
  /** When the newest that we know of was closed; null before the first look. */
  #newestMs: number | null = null;
  /** Executions that were told already, with when they were closed. */
  readonly #told = new Map<string, number>();

  constructor(private readonly client: Client) {}

  /** The ids of workflows that were closed since the last look; the first look only finds where to begin. */
  async look(): Promise<readonly string[]> {
    if (this.#newestMs === null) {
      this.#newestMs = await this.#newest();
      return [];
    }
    const since = new Date(this.#newestMs - LAG_MS).toISOString();
    const found: string[] = [];
    for await (const execution of this.client.workflow.list({
      query: `${ENDED} AND CloseTime >= '${since}'`,
    }))
      if (this.#isNew(execution)) found.push(execution.workflowId);
    for (const [id, closedMs] of this.#told) if (closedMs < this.#newestMs - LAG_MS) this.#told.delete(id);
    return found;
  }

  #isNew({ workflowId, runId, closeTime }: WorkflowExecutionInfo): boolean {
    const id = `${workflowId}/${runId}`;
    const closedMs = closeTime?.getTime() ?? 0;
    if (this.#told.has(id)) return false;
    this.#told.set(id, closedMs);
    this.#newestMs = Math.max(this.#newestMs ?? 0, closedMs);
    return true;
  }

  /** Temporal lists what was closed last first. */
  async #newest(): Promise<number> {
    for await (const { closeTime } of this.client.workflow.list({ query: ENDED, pageSize: 1 }))
      return closeTime?.getTime() ?? 0;
    return 0;
  }
}
