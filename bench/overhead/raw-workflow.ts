import { proxyActivities } from '@temporalio/workflow';

/** The same chain in plain Temporal: one activity after the other, on a worker of its own. */
export const rawChain = async (steps: number): Promise<void> => {
  const { noop } = proxyActivities<{ noop(): Promise<void> }>({
    taskQueue: 'raw-io',
    startToCloseTimeout: '1 minute',
  });
  for (let step = 0; step < steps; step++) await noop();
};
