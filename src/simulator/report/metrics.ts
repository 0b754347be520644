import type { RunRecord, SimulationResult } from '../workload/types.js';

/** What a policy made of a workload, in the order in which `--json` prints it. For workflows a job is a workflow. */
export interface PolicyReport {
  readonly policy: string;
  /** Those that ended. */
  readonly jobs: number;
  /** Response less what the job takes alone on an empty pool: for one that never gives way, its start less its submission. */
  readonly queueMeanSeconds: number;
  readonly queueP50Seconds: number;
  readonly queueP90Seconds: number;
  readonly queueP99Seconds: number;
  readonly queueP999Seconds: number;
  readonly queueMaxSeconds: number;
  /** From its submission to its end. */
  readonly responseMeanSeconds: number;
  readonly responseP50Seconds: number;
  readonly responseP99Seconds: number;
  readonly boundedSlowdownMean: number;
  /** Device-seconds at work over device-seconds there, from the first submission to the last end. */
  readonly utilisation: number;
  readonly preemptions: number;
  readonly lostDeviceSeconds: number;
  /** The share of deadlines that held, 0..1; null where no job has one. */
  readonly deadlinesMet: number | null;
  readonly costUsd: number;
  /** The largest mean bounded slowdown of a tenant. */
  readonly worstTenantSlowdown: number;
  readonly cycles: number;
  readonly decisionsPerSecond: number;
  readonly wallSeconds: number;
  /** Jobs that never ended, where there are any: refused, held for ever, or with no node that may take them. */
  readonly unfinished?: number;
}

/** Which jobs count, by their submission: from (inclusive) and to (exclusive), in milliseconds. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** All of them. */
export const ALWAYS: Window = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };

/**
 * The measures of a result: of the jobs submitted in the window, which must hold at least one; utilisation, cycles and speed
 * are of the whole. `wallSeconds`: how long the simulation took its caller.
 */
export const reportOf = (result: SimulationResult, wallSeconds: number, window = ALWAYS): PolicyReport => {
  const submitted = result.records.filter((record) => isIn(window, record.submitAtMs));
  const records = submitted.filter(({ endAtMs }) => !Number.isNaN(endAtMs));
  const queue = sorted(records.map(queueSeconds));
  const response = sorted(records.map(responseSeconds));
  return {
    policy: result.policy,
    jobs: records.length,
    queueMeanSeconds: round(mean(queue)),
    queueP50Seconds: round(quantile(queue, 0.5)),
    queueP90Seconds: round(quantile(queue, 0.9)),
    queueP99Seconds: round(quantile(queue, 0.99)),
    queueP999Seconds: round(quantile(queue, 0.999)),
    queueMaxSeconds: round(quantile(queue, 1)),
    responseMeanSeconds: round(mean(response)),
    responseP50Seconds: round(quantile(response, 0.5)),
    responseP99Seconds: round(quantile(response, 0.99)),
    boundedSlowdownMean: round(mean(records.map(boundedSlowdown))),
    utilisation: round(shareOf(result.busyDeviceSeconds, result.capacityDeviceSeconds)),
    preemptions: sum(submitted.map(({ preemptions }) => preemptions)),
    lostDeviceSeconds: round(sum(submitted.map(({ lostDeviceSeconds }) => lostDeviceSeconds))),
    deadlinesMet: deadlinesMet(submitted),
    costUsd: round(sum(submitted.map(({ costMicroUsd }) => costMicroUsd)) / 1e6),
    worstTenantSlowdown: round(worstTenantSlowdown(records)),
    cycles: result.cycles,
    decisionsPerSecond: Math.round(shareOf(result.decisions, wallSeconds)),
    wallSeconds: round(wallSeconds),
    ...(records.length < submitted.length ? { unfinished: submitted.length - records.length } : {}),
  };
};

/** Whether a moment lies in a window. */
export const isIn = ({ fromMs, toMs }: Window, atMs: number): boolean => atMs >= fromMs && atMs < toMs;

const responseSeconds = ({ submitAtMs, endAtMs }: RunRecord): number => (endAtMs - submitAtMs) / 1000;
const queueSeconds = (record: RunRecord): number =>
  Math.max(0, responseSeconds(record) - record.idealSeconds);

/** Shorter jobs count as this long: their slowdown says more of the clock than of the wait (Feitelson 2001). */
const BOUND_SECONDS = 10;
const boundedSlowdown = (record: RunRecord): number =>
  Math.max(1, responseSeconds(record) / Math.max(BOUND_SECONDS, record.idealSeconds));

const deadlinesMet = (records: readonly RunRecord[]): number | null => {
  const due = records.filter(({ deadlineAtMs }) => deadlineAtMs !== null);
  if (due.length === 0) return null;
  return round(due.filter(({ endAtMs, deadlineAtMs }) => endAtMs <= (deadlineAtMs ?? 0)).length / due.length);
};

const worstTenantSlowdown = (records: readonly RunRecord[]): number => {
  const byTenant = new Map<string, number[]>();
  for (const record of records) {
    const slowdowns = byTenant.get(record.tenant);
    if (slowdowns === undefined) byTenant.set(record.tenant, [boundedSlowdown(record)]);
    else slowdowns.push(boundedSlowdown(record));
  }
  return [...byTenant.values()].reduce((worst, slowdowns) => Math.max(worst, mean(slowdowns)), 0);
};

const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < values.length; i += 1) total += values[i] as number;
  return total;
};
const shareOf = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
const mean = (values: ArrayLike<number>): number => shareOf(sum(values), values.length);
const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).sort();
/** The value that the share `q` of all lies below. */
const quantile = (values: Float64Array, q: number): number =>
  values[Math.min(values.length - 1, Math.floor(q * values.length))] ?? 0;
/** To a tenth of a millisecond, of a slowdown, of a cent: what lies below is noise of the arithmetic. */
const round = (value: number): number => Math.round(value * 1e4) / 1e4;
