/** One forecast beside what came of it, in seconds. */
export interface ScoredRuntime {
  readonly actual: number;
  readonly p50: number;
  readonly p90: number;
  /** The ends of the 90% interval. */
  readonly low: number;
  readonly high: number;
}

/** How good a set of runtime forecasts was. Null where it cannot be said (no rows, or nothing varies). */
export interface RuntimeScores {
  readonly n: number;
  readonly maeSeconds: number | null;
  readonly medianAeSeconds: number | null;
  /** Share of the variance of the log runtime explained. */
  readonly r2Log: number | null;
  /** Rank correlation. */
  readonly spearman: number | null;
  /** Share within the 90% interval, and at most P90. */
  readonly coverage90: number | null;
  readonly p90Coverage: number | null;
  /** The median of the interval's upper end over its lower. */
  readonly intervalRatio: number | null;
}

/** One probability of failure beside what came of it. */
export interface ScoredFailure {
  readonly probability: number;
  readonly failed: boolean;
}

/** How good a set of failure forecasts was; null where one of the two outcomes never came. */
export interface FailureScores {
  readonly auc: number | null;
  readonly averagePrecision: number | null;
  readonly brier: number | null;
}

/** Scores runtime forecasts. */
export function scoreRuntimes(rows: readonly ScoredRuntime[]): RuntimeScores {
  const errors = rows.map((row) => Math.abs(row.p50 - row.actual));
  return {
    n: rows.length,
    maeSeconds: known(mean(errors)),
    medianAeSeconds: known(median(errors)),
    r2Log: known(r2(rows)),
    spearman: known(correlation(ranks(rows.map((row) => row.p50)), ranks(rows.map((row) => row.actual)))),
    coverage90: known(share(rows, (row) => row.actual >= row.low && row.actual <= row.high)),
    p90Coverage: known(share(rows, (row) => row.actual <= row.p90)),
    intervalRatio: known(median(rows.map((row) => row.high / row.low))),
  };
}

/** Scores failure forecasts. */
export function scoreFailures(rows: readonly ScoredFailure[]): FailureScores {
  const failures = rows.filter((row) => row.failed).length;
  if (failures === 0 || failures === rows.length)
    return { auc: null, averagePrecision: null, brier: brier(rows) };
  return { auc: auc(rows, failures), averagePrecision: averagePrecision(rows, failures), brier: brier(rows) };
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

function share<T>(rows: readonly T[], holds: (row: T) => boolean): number {
  return rows.filter(holds).length / rows.length;
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

function r2(rows: readonly ScoredRuntime[]): number {
  const center = mean(rows.map((row) => Math.log(row.actual)));
  const left = sum(rows.map((row) => (Math.log(row.actual) - Math.log(row.p50)) ** 2));
  const whole = sum(rows.map((row) => (Math.log(row.actual) - center) ** 2));
  return 1 - left / whole;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [centerA, centerB] = [mean(a), mean(b)];
  const product = sum(a.map((value, i) => (value - centerA) * ((b[i] as number) - centerB)));
  return product / Math.sqrt(sum(a.map((v) => (v - centerA) ** 2)) * sum(b.map((v) => (v - centerB) ** 2)));
}

/** Ranks from 1, ties sharing their mean rank. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const result = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to += 1;
    for (let i = from; i < to; i += 1) result[order[i] as number] = (from + to + 1) / 2;
    from = to;
  }
  return result;
}

/** The chance that a failed row was given a higher probability than one that succeeded (Mann and Whitney 1947). */
function auc(rows: readonly ScoredFailure[], failures: number): number {
  const ranked = ranks(rows.map((row) => row.probability));
  const ofFailures = sum(ranked.filter((_, i) => rows[i]?.failed));
  return (ofFailures - (failures * (failures + 1)) / 2) / (failures * (rows.length - failures));
}

/** Precision averaged over the failures, rows of equal probability counted together. */
function averagePrecision(rows: readonly ScoredFailure[], failures: number): number {
  const sorted = rows.toSorted((a, b) => b.probability - a.probability);
  let [seen, found, total] = [0, 0, 0];
  for (let from = 0; from < sorted.length; from = seen) {
    let hits = 0;
    while (seen < sorted.length && sorted[seen]?.probability === sorted[from]?.probability) {
      hits += sorted[seen]?.failed ? 1 : 0;
      seen += 1;
    }
    found += hits;
    total += (hits * found) / seen;
  }
  return total / failures;
}

const brier = (rows: readonly ScoredFailure[]): number | null =>
  known(mean(rows.map((row) => (row.probability - (row.failed ? 1 : 0)) ** 2)));
