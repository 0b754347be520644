import { aloneSeconds } from '../workload/graph.js';
import type { Fleet, RunRecord } from '../workload/types.js';
import type { RunState } from './state.js';

/** What is reported of a run that has ended; alone it would have had the whole fleet. */
export const recordOf = (state: RunState, fleet: Fleet): RunRecord => {
  const {
    run,
    index,
    tasks,
    firstStartAtMs,
    endedAtMs,
    deviceSeconds,
    preemptions,
    lostDeviceSeconds,
    costMicroUsd,
  } = state;
  const runSeconds = tasks.reduce((sum, { task }) => sum + task.runSeconds, 0);
  return {
    index,
    tenant: run.tenant,
    submitAtMs: run.submitAtMs,
    firstStartAtMs,
    endAtMs: endedAtMs,
    deadlineAtMs: run.deadlineAtMs,
    runSeconds,
    idealSeconds: aloneSeconds(run, fleet),
    devices: tasks.reduce((most, { size }) => Math.max(most, size), 0),
    deviceSeconds,
    preemptions,
    lostDeviceSeconds,
    costMicroUsd,
  };
};
