import type { DeadlineVerdict, RunForecast, RunSpec } from '../../domain/index.js';
import { forecastRun, nextVerdict, offersFor, type Policy } from '../../planner/index.js';
import type { DeadlineWatch, RunRow } from '../rows/index.js';
import type { Draft } from '../state/draft.js';
import { leftOfRun, type Told } from './left-of-run.js';
import { order, tellWorkflow } from './run-acts.js';

/** What is said of a run's deadline when it is submitted; null without one. */
export const firstWatch = (draft: Draft, forecast: RunForecast): DeadlineWatch | null =>
  forecast.deadline === 'none' ? null : { ...forecast, atMs: draft.atMs, raisedTo: null };

/**
 * Compares what an open run has left with its deadline; a change of the verdict is an event, and the policy may raise the run.
 * Answers how much time it has to spare at P90, in milliseconds.
 */
export const judge = (draft: Draft, run: RunRow, spec: RunSpec, told: Told): number => {
  const { image, surroundings, atMs } = draft;
  const { policy } = surroundings;
  const { cluster } = image;
  const left = leftOfRun(run, spec, told, image, surroundings, atMs);
  const seen = forecastRun(left, cluster, policy, atMs);
  const before = run.outlook?.deadline ?? 'none';
  const deadline = nextVerdict(before, seen, run.deadlineAtMs, atMs);
  const changed = deadline !== before;
  const offers = !changed
    ? (run.outlook?.offers ?? [])
    : isDoubtful(deadline)
      ? offersFor(left, seen, cluster, policy, atMs)
      : [];
  const somethingToCome = left.tasks.some(({ waiting, coming }) => waiting.length > 0 || coming !== null);
  const raiseTo = somethingToCome ? raised(run, deadline, policy) : null;
  const raisedTo = raiseTo ?? run.outlook?.raisedTo ?? null;
  const watch: DeadlineWatch = { ...seen, deadline, offers, atMs, raisedTo };
  if (changed) tell(draft, run, watch, before);
  if (changed || raiseTo !== null || hasMoved(run.outlook, watch))
    draft.put('runs', { ...run, outlook: watch });
  if (raiseTo !== null) raise(draft, { ...run, outlook: watch }, watch, raiseTo);
  return (run.deadlineAtMs ?? atMs) - seen.finishAtMs.p90;
};

const isDoubtful = (deadline: DeadlineVerdict): boolean =>
  deadline === 'at-risk' || deadline === 'infeasible';

/** What people and the log are told when the verdict changes, or when a run begins with a doubtful one. */
export const tell = (draft: Draft, run: RunRow, watch: DeadlineWatch, before: DeadlineVerdict): void => {
  const kind = KINDS[watch.deadline];
  if (kind === null || (kind === 'deadline-safe' && before === 'none')) return;
  const { deadline, finishAtMs, inTheWay, offers } = watch;
  const { runId, deadlineAtMs } = run;
  draft.event({ kind, runId, detail: { deadline, before, deadlineAtMs, finishAtMs, inTheWay, offers } });
};

const KINDS = {
  none: null,
  feasible: 'deadline-safe',
  'at-risk': 'deadline-at-risk',
  infeasible: 'deadline-at-risk',
  missed: 'deadline-missed',
} as const;

/** Small changes of the expected finish are not written down: a tenth of the time to it, and half a minute. */
const hasMoved = (before: DeadlineWatch | null, { finishAtMs, atMs }: DeadlineWatch): boolean =>
  before === null || Math.abs(before.finishAtMs.p90 - finishAtMs.p90) > 30_000 + (finishAtMs.p90 - atMs) / 10;

/** The class that the policy raises the run to now; null where it does not, or has done so before. */
const raised = (run: RunRow, deadline: DeadlineVerdict, { raise, classes }: Policy) => {
  if (raise === undefined || (run.outlook?.raisedTo ?? null) !== null) return null;
  const isTime = deadline === 'infeasible' || (deadline === 'at-risk' && raise.at === 'at-risk');
  return isTime && classes.indexOf(raise.to) < classes.indexOf(orderedClass(run)) ? raise.to : null;
};

/** Its class, or the one that it takes with its next turn. */
const orderedClass = ({ orders, priorityClass }: RunRow) => orders?.priorityClass ?? priorityClass;

/** Its workflow is told as by a person, and says its new class in its next turn. It keeps it: to take it back would put it at risk again. */
const raise = (draft: Draft, run: RunRow, watch: DeadlineWatch, to: RunRow['priorityClass']): void => {
  const { runId, deadlineAtMs } = run;
  const reason = `its deadline is ${watch.deadline === 'at-risk' ? 'at risk' : 'out of reach'}, and the policy raises it`;
  const detail = { from: orderedClass(run), to, deadlineAtMs, finishAtMs: watch.finishAtMs };
  draft.event({ kind: 'deadline-raised', runId, detail });
  order(draft, run, { priorityClass: to });
  tellWorkflow(draft, runId, 'setPriority', { priorityClass: to, reason });
};
