export {
  Cluster,
  type Gate,
  type Held,
  NO_SPENDING,
  type Place,
  poolsOf,
  type Spell,
  type Spending,
  type Spent,
  type WaitingTask,
} from './cluster/index.js';
export { pauseWords } from './cycle/paused.js';
export { amountOf, count, listing, span, stamp, usd, utc } from './cycle/words.js';
export type { ExpectedRun, ExpectedTask } from './deadlines/expected-task.js';
export { forecastRun } from './deadlines/forecast-run.js';
export { offerSentence } from './deadlines/offer-words.js';
export { forecastWithOffers, offersFor } from './deadlines/offers.js';
export { nextVerdict } from './deadlines/verdict.js';
export type { Deferral, Grant, Overtaken, Plan, Preemption } from './decisions.js';
export {
  type Breaker,
  type BreakerRules,
  beginRamp,
  CLOSED,
  type CountedEnd,
  forgive,
  noteEnd,
  passTime,
  startsOf,
} from './health/breaker.js';
export { type Lever, levers } from './levers/levers.js';
export { type LoadNumbers, PoolLoad, patienceFor, rankFor } from './load/load.js';
export { VirtualFifo } from './load/virtual-fifo.js';
export { plan, type Scope } from './plan.js';
export { type Admission, admit, unmatchedRules } from './policy/admission.js';
export { type PolicyChange, policyChanges } from './policy/changes.js';
export type { TaskFacts } from './policy/facts.js';
export { heldBy } from './policy/held.js';
export { type Policy, readPolicy } from './policy/read.js';
export { countDecisions, type Difference, differencesBetween } from './recording/differences.js';
export type { PolicyByVersion, RecordedChanges, RecordedCycle, RecordedScope } from './recording/record.js';
export { Recorder } from './recording/recorder.js';
export { Replay } from './recording/replay.js';
export { PLANNER_VERSION } from './version.js';
