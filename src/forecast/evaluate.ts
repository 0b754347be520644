import {
  type Contender,
  globalMedianContender,
  rollingMedianContender,
  signalboxContender,
} from './baselines.js';
import {
  type FailureScores,
  type RuntimeScores,
  type ScoredFailure,
  type ScoredRuntime,
  scoreFailures,
  scoreRuntimes,
} from './metrics.js';
import type { Trace, TraceEntry } from './trace.js';

/** How a trace is divided and gone through. */
export interface EvaluationPlan {
  /** The share of the rows (of the groups, where there is no time) to train on. */
  readonly split: number;
  /** Whether to go on learning from what had finished when a forecast is made. */
  readonly online: boolean;
  /** Whether to score failure forecasts too. */
  readonly failures: boolean;
}

/** How well each forecaster did; failure scores only where there was an outcome. */
export interface EvaluationReport {
  readonly forecasters: Readonly<Record<string, RuntimeScores & Partial<FailureScores>>>;
  readonly rows: { readonly train: number; readonly test: number; readonly doubtful: number };
}

const CONTENDERS: Readonly<Record<string, () => Contender>> = {
  signalbox: signalboxContender,
  globalMedian: globalMedianContender,
  rollingMedian: rollingMedianContender,
};

/**
 * Trains each forecaster on the first part of a trace, then has it forecast every later row before that row is known.
 * Rows without a success are left out of the runtime scores.
 */
export function evaluate(trace: Trace, plan: EvaluationPlan): EvaluationReport {
  const train = trainCount(trace.entries, plan.split);
  const forecasters = Object.fromEntries(
    Object.entries(CONTENDERS).map(([name, make]) => [name, scoreOf(make(), trace.entries, train, plan)]),
  );
  const test = trace.entries.length - train;
  return { forecasters, rows: { train, test, doubtful: trace.doubtful } };
}

/** How many rows to train on; whole groups where groups stand in for time. */
function trainCount(entries: readonly TraceEntry[], split: number): number {
  const groups = entries.at(-1)?.group;
  if (groups === undefined) return Math.floor(entries.length * split);
  const first = Math.floor((groups + 1) * split);
  const at = entries.findIndex((entry) => (entry.group ?? 0) >= first);
  return at < 0 ? entries.length : at;
}

function scoreOf(contender: Contender, entries: readonly TraceEntry[], train: number, plan: EvaluationPlan) {
  const learnUntil = learning(contender, plan.online ? entries : entries.slice(0, train));
  const runtimes: ScoredRuntime[] = [];
  const failures: ScoredFailure[] = [];
  for (let i = train; i < entries.length; i += 1) {
    const { case: of, attempt } = entries[i] as TraceEntry;
    learnUntil(plan.online ? attempt.startMs : Number.POSITIVE_INFINITY, i);
    const answer = contender.answer(of);
    if (answer === undefined) continue;
    const failed = attempt.ended === 'failed';
    failures.push({ probability: answer.failureProbability, failed });
    if (failed || attempt.seconds === undefined) continue;
    const [low, p50, p90, high] = [0.05, 0.5, 0.9, 0.95].map((q) => answer.quantileSeconds(q));
    runtimes.push({ actual: attempt.seconds, low, p50, p90, high } as ScoredRuntime);
  }
  return { ...scoreRuntimes(runtimes), ...(plan.failures ? scoreFailures(failures) : {}) };
}

/**
 * Teaches rows in the order in which they ended: only those that had ended by a moment, and only those that stand
 * before the row asked about (a row of no length has ended the moment it begins, and would tell its own outcome).
 */
function learning(
  contender: Contender,
  entries: readonly TraceEntry[],
): (untilMs: number, before: number) => void {
  const order = entries
    .map((entry, index) => ({ entry, index }))
    .sort((a, b) => a.entry.attempt.endMs - b.entry.attempt.endMs || a.index - b.index);
  let next = 0;
  return (untilMs, before) => {
    for (let at = order[next]; at !== undefined; at = order[next]) {
      if (at.entry.attempt.endMs > untilMs || at.index >= before) return;
      contender.learn(at.entry.case, at.entry.attempt);
      next += 1;
    }
  };
}
