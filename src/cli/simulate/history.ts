import type { ApiClient, Node, PastRun as PastRunOfApi } from '../../api/client/index.js';
import { SignalboxError } from '../../domain/index.js';
import type { Policy } from '../../planner/index.js';
import { type Fleet, type PastRun, type Price, recordedResult, replayOf } from '../../simulator/index.js';
import { count, duration } from '../output/format.js';
import { note } from '../output/terminal.js';
import type { Scenario } from './source.js';

const PAGE = 200;

/** Fetches what was recorded in the latest seconds, and as long before it to learn from. Throws `not-found` where nothing was. */
export const historyScenario = async (
  client: ApiClient,
  seconds: number,
  nowMs: number,
  policy: Policy | undefined,
): Promise<Scenario> => {
  const fromMs = nowMs - seconds * 1000;
  const { nodes } = await client.listNodes();
  const fleet = fleetOf(nodes);
  const replay = replayOf(await pastRuns(client, fromMs - seconds * 1000), fromMs, fleet);
  const { workload, leftOut } = replay;
  if (workload.runs.length === 0)
    throw new SignalboxError('not-found', `No run of the last ${duration(seconds)} can be simulated.`);
  if (leftOut > 0)
    note(`${count(leftOut, 'run')} left out: they held nothing, or ask for more than there is now.`);
  const recorded = recordedResult(replay, fleet, priceOf(policy));
  return { title: `the last ${duration(seconds)}`, workload, fleet, zeroMs: fromMs, recorded };
};

const pastRuns = async (client: ApiClient, sinceMs: number): Promise<readonly PastRun[]> => {
  const since = new Date(sinceMs).toISOString();
  const runs: PastRun[] = [];
  let cursor: string | null = null;
  do {
    const page = await client.listHistory({ since, limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    runs.push(...page.runs.map(pastRun));
    cursor = page.next;
  } while (cursor !== null);
  return runs;
};

const pastRun = (run: PastRunOfApi): PastRun => ({
  id: run.id,
  pipeline: run.pipeline,
  tenant: run.tenant,
  priorityClass: run.priority,
  submitAtMs: Date.parse(run.createdAt),
  deadlineAtMs: run.deadlineAt === null ? null : Date.parse(run.deadlineAt),
  needs: run.needs,
  attempts: run.attempts.map(({ key, outcome, request, features, readyAt, startedAt, endedAt }) => ({
    ...{ key, outcome, request, features },
    readyAtMs: Date.parse(readyAt),
    startedAtMs: Date.parse(startedAt),
    endedAtMs: Date.parse(endedAt),
  })),
});

/** The nodes that there are now, as if they had been there all the time. */
const fleetOf = (nodes: readonly Node[]): Fleet => ({
  nodes: nodes
    .filter(({ state }) => state !== 'lost')
    .map(({ id, pool, capacity, labels }) => ({
      ...{ id, pool, capacity, labels },
      fromMs: Number.NEGATIVE_INFINITY,
      untilMs: null,
    })),
});

/** What was recorded carries no prices: it is priced as the first policy does. */
const priceOf =
  (policy: Policy | undefined): Price =>
  ({ pool, devices, cores }, seconds) => {
    if (policy === undefined) return 0;
    const { usdPerDeviceHour, usdPerCoreHour } = policy.pools[pool];
    return Math.round(((devices * usdPerDeviceHour + cores * usdPerCoreHour) * 1e6 * seconds) / 3_600);
  };
