import { sizeOf } from '../../domain/index.js';
import { aloneSeconds } from '../workload/graph.js';
import type { Fleet, QueueSample, RunRecord, SimRun, SimulationResult } from '../workload/types.js';
import { heldSeconds, type PastAttempt, type PastRun } from './past.js';
import type { Replay } from './replay.js';

/** What running an amount of hardware for so many seconds costs, in micro-dollars. */
export type Price = (request: PastAttempt['request'], seconds: number) => number;

/** How a replayed workload fared in truth, as a result beside those that are simulated. */
export const recordedResult = ({ workload, past }: Replay, fleet: Fleet, price: Price): SimulationResult => {
  const records = past.map((run, index) =>
    recordOf(run, index, aloneSeconds(workload.runs[index] as SimRun, fleet), price),
  );
  const firstMs = records.reduce(
    (first, { submitAtMs }) => Math.min(first, submitAtMs),
    Number.POSITIVE_INFINITY,
  );
  const lastMs = records.reduce((last, { endAtMs }) => Math.max(last, endAtMs), firstMs);
  const capacity = fleet.nodes.reduce((sum, node) => sum + sizeOf(node.capacity), 0);
  return {
    policy: 'recorded',
    records,
    cycles: 0,
    decisions: 0,
    busyDeviceSeconds: records.reduce((sum, { deviceSeconds }) => sum + deviceSeconds, 0),
    capacityDeviceSeconds: records.length === 0 ? 0 : (capacity * (lastMs - firstMs)) / 1000,
    queueOverTime: queueOf(past.flatMap(({ attempts }) => attempts)),
  };
};

const recordOf = (run: PastRun, index: number, idealSeconds: number, price: Price): RunRecord => {
  const { attempts, tenant, submitAtMs, deadlineAtMs } = run;
  const held = (of: readonly PastAttempt[]) =>
    of.reduce((sum, attempt) => sum + heldSeconds(attempt) * sizeOf(attempt.request), 0);
  return {
    index,
    tenant,
    submitAtMs,
    firstStartAtMs: Math.min(...attempts.map(({ startedAtMs }) => startedAtMs)),
    endAtMs: Math.max(...attempts.map(({ endedAtMs }) => endedAtMs)),
    deadlineAtMs,
    runSeconds: attempts.reduce((sum, attempt) => sum + heldSeconds(attempt), 0),
    idealSeconds,
    devices: Math.max(...attempts.map(({ request }) => sizeOf(request))),
    deviceSeconds: held(attempts),
    preemptions: attempts.filter(({ outcome }) => outcome === 'preempted').length,
    lostDeviceSeconds: held(attempts.filter(({ outcome }) => outcome === 'lost')),
    costMicroUsd: attempts.reduce((sum, attempt) => sum + price(attempt.request, heldSeconds(attempt)), 0),
  };
};

/** Who waited and what was at work, at each change. */
const queueOf = (attempts: readonly PastAttempt[]): readonly QueueSample[] => {
  const changes = attempts.flatMap(({ readyAtMs, startedAtMs, endedAtMs, request }) => [
    { atMs: readyAtMs, waiting: 1, devices: 0 },
    { atMs: startedAtMs, waiting: -1, devices: sizeOf(request) },
    { atMs: endedAtMs, waiting: 0, devices: -sizeOf(request) },
  ]);
  let [waiting, running] = [0, 0];
  return changes
    .sort((a, b) => a.atMs - b.atMs)
    .map((change): QueueSample => {
      waiting += change.waiting;
      running += change.devices;
      return [change.atMs, waiting, running];
    });
};
