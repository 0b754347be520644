import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { BURST, STEPS } from './size.js';

/** One way to run the chain: starts it and gives the handle of its workflow. */
export type Start = () => Promise<WorkflowHandle>;

/** How long one chain took, in milliseconds, from its start to its end as Temporal recorded them. */
export const chainMs = async (start: Start): Promise<number> => {
  const handle = await start();
  await result(handle);
  const { startTime, closeTime } = await handle.describe();
  return (closeTime?.getTime() ?? Number.NaN) - startTime.getTime();
};

/** Steps per second of a burst of chains started together, from the first request to the last result. */
export const stepsPerSecond = async (start: Start): Promise<number> => {
  const began = performance.now();
  await Promise.all(Array.from({ length: BURST }, async () => result(await start())));
  return (BURST * STEPS * 1000) / (performance.now() - began);
};

/** A run is accepted before its workflow exists: the outbox starts it a moment later. */
const result = async (handle: WorkflowHandle): Promise<void> => {
  for (const deadline = Date.now() + 60_000; ; ) {
    try {
      return await handle.result();
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
};

let chains = 0;

/** The chain in plain Temporal. */
export const rawChain =
  (client: Client): Start =>
  () =>
    client.workflow.start('rawChain', {
      workflowId: `raw-${++chains}`,
      taskQueue: 'raw-control',
      args: [STEPS],
    });

/** The same chain as a pipeline, started through the API. */
export const signalboxChain = (client: Client, apiUrl: string): Start => {
  const body = JSON.stringify({ document: chainDocument() });
  return async () => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${apiUrl}/v1/runs`, { method: 'POST', headers, body });
    const answer = (await response.json()) as { id?: string };
    if (answer.id === undefined) throw new Error(`The API refused the chain: ${JSON.stringify(answer)}`);
    return client.workflow.getHandle(answer.id);
  };
};

const chainDocument = () => ({
  apiVersion: 'signalbox/v1',
  name: 'chain',
  tasks: Object.fromEntries(
    Array.from({ length: STEPS }, (_, step) => [
      `step${step}`,
      { pool: 'io', needs: step === 0 ? [] : [`step${step - 1}`], run: { function: 'noop' } },
    ]),
  ),
});
