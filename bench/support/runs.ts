import { type ApiClient, createClient, type RunDetail } from '../../src/api/client/index.js';

/** A document of one task that sleeps on so many devices. */
export const sleepingJob = (name: string, tenant: string, devices: number, seconds: number) => ({
  apiVersion: 'signalbox/v1',
  name,
  tenant,
  tasks: { job: { resources: { gpu: devices }, run: { function: 'sleep', input: { seconds } } } },
});

/** The client of the benchmark's API. */
export const benchClient = (url: string): ApiClient => createClient({ url });

/** Waits until all the runs have ended, and gives them. Throws where one did not succeed. */
export const untilEnded = async (api: ApiClient, ids: readonly string[]): Promise<readonly RunDetail[]> => {
  const ended: RunDetail[] = [];
  for (const id of ids) {
    let run = await api.getRun(id);
    while (run.status === 'running') {
      await new Promise((resolve) => setTimeout(resolve, 200));
      run = await api.getRun(id);
    }
    if (run.status !== 'succeeded') throw new Error(`${id} ${run.status}: ${JSON.stringify(run.error)}`);
    ended.push(run);
  }
  return ended;
};
