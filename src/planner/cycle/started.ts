import { add, NOTHING, type Option, type Resources, sizeOf } from '../../domain/index.js';
import type { WaitingTask } from '../cluster/index.js';
import type { Policy } from '../policy/read.js';
import { costOf, expectedSeconds } from './runtime.js';

/** What this cycle has started so far: it counts before the cluster knows of it. */
export interface Started {
  readonly limits: Map<string, number>;
  /** By tenant, for its quota. */
  readonly held: Map<string, Resources>;
  /** By tenant, for its budget. */
  readonly microUsd: Map<string, number>;
  /** By tenant, as forecast: it counts in its share. */
  readonly deviceSeconds: Map<string, number>;
  /** By what a gate guards, how many passed it. */
  readonly gates: Map<string, number>;
  /** Of all tenants. */
  allMicroUsd: number;
}

/** A cycle that has started nothing yet. */
export const nothingStarted = (): Started => ({
  limits: new Map(),
  held: new Map(),
  microUsd: new Map(),
  deviceSeconds: new Map(),
  gates: new Map(),
  allMicroUsd: 0,
});

/** Notes what a task that starts takes of limits, quotas, money and its tenant's share. */
export const noteStart = (task: WaitingTask, option: Option, policy: Policy, started: Started): void => {
  const { tenant } = task;
  const use = sizeOf(option.request) * expectedSeconds(task, option).p50Seconds;
  started.deviceSeconds.set(tenant, (started.deviceSeconds.get(tenant) ?? 0) + use);
  for (const [name, amount] of Object.entries(task.placement.limits))
    started.limits.set(name, (started.limits.get(name) ?? 0) + amount);
  if (policy.quotas?.[tenant] !== undefined)
    started.held.set(tenant, add(started.held.get(tenant) ?? NOTHING, option.request));
  if (policy.budgets[tenant] !== undefined)
    started.microUsd.set(tenant, (started.microUsd.get(tenant) ?? 0) + costOf(task, policy));
  if (policy.spending !== undefined) started.allMicroUsd += costOf(task, policy);
};
