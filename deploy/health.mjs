// Whether a container does its work, for its health check:
//   node deploy/health.mjs api                 the API answers and reaches its ledger
//   node deploy/health.mjs signalbox-control   this machine's control worker asks Temporal for work
//   node deploy/health.mjs gpu@gpu-1           the worker of that node does
import { hostname } from 'node:os';
import { connectClient, temporalSettingsFrom } from '../dist/workers/temporal.js';

const WORKFLOW_QUEUE = 1;
const ACTIVITY_QUEUE = 2;
/** A poll lasts up to 60 s, and its start is what Temporal tells; half as much again is a worker that hangs. */
const POLLED_WITHIN_MS = 90_000;

async function checkApi() {
  const answer = await fetch(`http://127.0.0.1:${process.env.SIGNALBOX_PORT ?? 7700}/readyz`);
  if (!answer.ok) throw new Error(`the API is not ready: ${answer.status} ${await answer.text()}`);
}

async function checkPolls(queue) {
  const settings = temporalSettingsFrom(process.env);
  const { client, close } = await connectClient(settings);
  const [, node] = queue.split('@');
  const taskQueueType = node === undefined ? WORKFLOW_QUEUE : ACTIVITY_QUEUE;
  // A pool worker bears its node's name; the control worker that of its process and host.
  const identity = node ?? hostname();
  const { pollers } = await client.workflowService
    .describeTaskQueue({ namespace: settings.namespace, taskQueue: { name: queue }, taskQueueType })
    .finally(close);
  const since = (Date.now() - POLLED_WITHIN_MS) / 1000;
  const own = (pollers ?? []).filter((poller) => poller.identity?.includes(identity));
  if (own.some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) > since)) return;
  throw new Error(`no worker of ${identity} has polled ${queue} in the last ${POLLED_WITHIN_MS / 1000} s`);
}

const [what] = process.argv.slice(2);
try {
  await (what === 'api' ? checkApi() : checkPolls(what));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
