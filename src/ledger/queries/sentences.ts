import type { Blocker, Forecast, Outcome } from '../../domain/index.js';
import { amountOf, count, listing, type Overtaken, span, usd } from '../../planner/index.js';
import type { EventRow } from '../rows/index.js';
import { actSentence } from './act-sentence.js';
import { deadlineAtRisk, deadlineMissed, deadlineRaised, deadlineSafe } from './deadline-sentences.js';
import { lifeSentence } from './life-sentences.js';

/** A span of seconds for people. */
const seconds = (amount: number): string => span(amount * 1_000);

/** What the forecast says and what it stands on: "about 5 min, in 9 of 10 cases under 12 min (from 8 earlier runs)". */
export const expectation = ({ p50Seconds, p90Seconds, observations, model }: Forecast): string => {
  const basis = `from ${observations > 0 ? count(observations, 'earlier run') : (BASIS[model] ?? OTHER_WORK)}`;
  return `expected to take about ${seconds(p50Seconds)}, in 9 of 10 cases under ${seconds(p90Seconds)} (${basis})`;
};
const BASIS: Readonly<Record<string, string>> = {
  estimate: "its author's estimate",
  prior: "the pool's prior",
};
/** Any learned model, where this very task has no history. */
const OTHER_WORK = 'other work: this task has not succeeded before';

/** Blockers as one clause. */
export const obstacles = (blockers: readonly Blocker[]): string =>
  blockers.map(({ detail }) => detail).join('; ');

/** When it is expected to start. */
export const eta = (p50Ms: number | null, p90Ms: number | null, atMs: number): string => {
  if (p50Ms === null) return 'nobody can say when it will start';
  if (p50Ms <= atMs) return 'expected to start in a moment';
  const late = p90Ms === null || p90Ms <= p50Ms ? '' : `, at the latest (P90) in ${span(p90Ms - atMs)}`;
  return `expected to start in about ${span(p50Ms - atMs)}${late}`;
};

/** A recorded decision of a task as a sentence. */
export const sentenceOf = (event: EventRow): string => {
  const detail = event.detail as never;
  switch (event.kind) {
    case 'granted':
      return granted(event, detail);
    case 'deferred':
      return deferred(event, detail);
    case 'ended':
      return ended(event, detail);
    case 'rejected':
      return `was refused: ${obstacles((detail as { blockers: Blocker[] }).blockers)}`;
    case 'reused':
      return `took over the result of ${(detail as { fromRunId: string }).fromRunId}, whose inputs were the same`;
    case 'revoked':
      return `lost its lease: ${(detail as { why: string }).why}`;
    case 'preempting':
      return preempting(detail);
    case 'promised':
      return promised(detail);
    case 'budget-overrun':
      return overrun(detail);
    case 'spending-stopped':
      return spendingStopped(detail);
    case 'memory-pressure':
      return memoryPressure(detail);
    case 'out-of-memory':
      return outOfMemory(detail);
    case 'deadline-at-risk':
      return deadlineAtRisk(event);
    case 'deadline-safe':
      return deadlineSafe(event);
    case 'deadline-missed':
      return deadlineMissed(event);
    case 'deadline-raised':
      return deadlineRaised(event);
    case 'withdrawn':
      return 'was withdrawn by its run before it began';
    case 'act':
    case 'pause-ended':
      return actSentence(event);
    case 'breaker-opened':
    case 'breaker-trial':
    case 'breaker-ramp':
    case 'breaker-closed':
      return breaker(event.kind, detail);
    case 'policy-activated':
      return policyActivated(detail);
    default:
      return lifeSentence(event) ?? event.kind;
  }
};

interface BreakerDetail {
  readonly scope: string;
  readonly failed: number;
  readonly of: number;
}

const breaker = (
  kind: 'breaker-opened' | 'breaker-trial' | 'breaker-ramp' | 'breaker-closed',
  { scope, failed, of }: BreakerDetail,
): string => {
  const what = scope.replace('/', ' ');
  if (kind === 'breaker-opened')
    return `${what} failed ${failed} of its last ${of} attempts and gets no more for now`;
  if (kind === 'breaker-trial') return `${what} gets one attempt on trial`;
  return kind === 'breaker-ramp'
    ? `${what} takes work again, a few tasks at a time`
    : `${what} takes work again`;
};

interface PolicyDetail {
  readonly from: string | null;
  readonly to: string;
  readonly how: 'start' | 'activate' | 'rollback';
  readonly by: string;
  readonly reason: string;
}

const policyActivated = ({ from, to, how, by, reason }: PolicyDetail): string => {
  const instead = from === null ? '' : ` instead of ${from}`;
  return `${by} ${how === 'rollback' ? 'went back to' : 'activated'} the policy ${to}${instead}: ${reason}`;
};

interface GrantedDetail {
  readonly devices: readonly number[];
  readonly taskQueue: string;
  readonly forecast: Forecast;
  readonly priorityClass: string;
  readonly waitedSeconds: number;
  readonly waitedFor: readonly Blocker[];
  readonly wentBefore: readonly Overtaken[];
}

const granted = ({ nodeId }: EventRow, detail: GrantedDetail): string =>
  [
    waited(detail),
    place(nodeId, detail),
    ...detail.wentBefore.map((other) => overtook(other, detail)),
    expectation(detail.forecast),
  ]
    .filter((clause) => clause !== '')
    .join('; ');

const waited = ({ waitedSeconds, waitedFor }: GrantedDetail): string => {
  if (waitedFor.length === 0) return 'did not wait';
  return `waited ${seconds(waitedSeconds)} because ${obstacles(waitedFor)}`;
};

const place = (nodeId: string | null, { devices, taskQueue }: GrantedDetail): string => {
  if (nodeId === null) return `went to the first free worker of pool ${taskQueue}`;
  if (devices.length === 0) return `went to ${nodeId}`;
  return `went to ${nodeId}, ${devices.length === 1 ? 'device' : 'devices'} ${listing(devices.map(String), devices.length)}`;
};

const overtook = (
  { runId, taskKey, priorityClass, because }: Overtaken,
  { priorityClass: own }: GrantedDetail,
): string => {
  const other = `went before ${runId}/${taskKey}, which had come earlier`;
  if (because === 'class') return `${other}: its class is ${own}, theirs is ${priorityClass}`;
  if (because === 'share') return `${other}: its tenant has used less of its share`;
  if (because === 'size') return `${other}: its run has less left to do`;
  if (because === 'held') return `${other}: that one is held back`;
  return `${other}: it fits into room that the other cannot use yet`;
};

interface GivesWay {
  readonly priorityClass: string;
  readonly forClass: string;
  readonly lostDeviceSeconds: number;
  readonly soonerSeconds: number | null;
}
interface Named {
  readonly runId: string;
  readonly taskKey: string;
}

const preempting = ({ for: other, ...detail }: GivesWay & { readonly for?: Named }): string =>
  `was asked to make room for ${other ? `${other.runId}/${other.taskKey}` : 'another task'}: ${why(detail)}`;

const promised = ({ from, ...detail }: GivesWay & { readonly from: Named }): string =>
  `${from.runId}/${from.taskKey} gives way for it: ${why({ ...detail })}`;

const why = ({ priorityClass, forClass, lostDeviceSeconds, soonerSeconds }: GivesWay): string =>
  [
    forClass === priorityClass
      ? `both are ${forClass}, and less is left to do of the one`
      : `${forClass} goes before ${priorityClass}`,
    soonerSeconds === null
      ? 'without it there was no end of the wait in sight'
      : `the one starts about ${seconds(soonerSeconds)} sooner`,
    `the other loses about ${seconds(lostDeviceSeconds)} of work on one device, stopping and resuming included`,
  ].join('; ');

const overrun = ({ microUsd, reservedMicroUsd }: { microUsd: number; reservedMicroUsd: number }): string =>
  `runs longer than it was expected to: it has cost ${usd(microUsd)}, and ${usd(reservedMicroUsd)} of its tenant's budget was reserved for it`;

interface StoppedDetail {
  readonly period: string;
  readonly limitMicroUsd: number;
  readonly microUsd: number;
  readonly untilMs: number;
}

const spendingStopped = ({ period, limitMicroUsd, microUsd, untilMs }: StoppedDetail): string =>
  `the breaker over all tenants opened: work that began this ${period} costs ${usd(microUsd)}, and they may spend ${usd(limitMicroUsd)} together; nothing more that costs anything starts before ${new Date(untilMs).toISOString()}, or until a policy allows more`;

interface DeferredDetail {
  readonly blockers: readonly Blocker[];
  readonly position: number;
  readonly etaP50Ms: number | null;
  readonly etaP90Ms: number | null;
}

const deferred = ({ atMs }: EventRow, { blockers, position, etaP50Ms, etaP90Ms }: DeferredDetail): string =>
  `had to wait, number ${position} in its queue: ${obstacles(blockers)}; ${eta(etaP50Ms, etaP90Ms, atMs)}`;

interface EndedDetail {
  readonly outcome: Outcome;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly lostSeconds: number | null;
  /** Absent of old events. */
  readonly costMicroUsd?: number;
  readonly lostMicroUsd?: number;
}

const ended = (
  { nodeId }: EventRow,
  { outcome, startedAtMs, endedAtMs, error, lostSeconds, costMicroUsd, lostMicroUsd }: EndedDetail,
): string => {
  const ran = startedAtMs === null ? '' : ` after ${span(endedAtMs - startedAtMs)}`;
  const where = nodeId === null ? '' : ` on ${nodeId}`;
  const lost =
    lostSeconds && outcome !== 'failed' ? `; lost ${seconds(lostSeconds)} of work${worth(lostMicroUsd)}` : '';
  const cost = worth(costMicroUsd) === '' ? '' : `; cost ${usd(costMicroUsd ?? 0)}`;
  const why = error ? `: ${error.message}` : '';
  return `${outcome}${ran}${where}${lost}${cost}${why}`;
};

/** What is less than a cent is not worth a word. */
const worth = (microUsd = 0): string => (microUsd < 10_000 ? '' : ` (${usd(microUsd)})`);

interface MemoryDetail {
  readonly leasedBytes: number;
  readonly moreBytes: number | null;
}

const memory = (bytes: number): string => amountOf('memoryBytes', bytes);

const memoryPressure = ({
  memoryBytes,
  leasedBytes,
  fullInSeconds,
  moreBytes,
  usualPeakBytes,
}: MemoryDetail & {
  readonly memoryBytes: number | null;
  readonly fullInSeconds: number;
  readonly usualPeakBytes: number | null;
}): string => {
  const held = memoryBytes === null ? '' : `held ${memory(memoryBytes)} and `;
  const trend = `${held}was about to exceed its ${memory(leasedBytes)} (in ${seconds(fullInSeconds)})`;
  if (moreBytes !== null)
    return `${trend}: was asked to leave, and its next attempt gets ${memory(moreBytes)}`;
  return usualPeakBytes === null
    ? `${trend}: left alone, no live node that may run it has more`
    : `${trend}: left alone, its earlier attempts never held more than ${memory(usualPeakBytes)}`;
};

const outOfMemory = ({ leasedBytes, moreBytes }: MemoryDetail): string =>
  moreBytes === null
    ? `had ${memory(leasedBytes)}; no live node that may run it has more`
    : `had ${memory(leasedBytes)}; its next attempts ask for ${memory(moreBytes)}`;
