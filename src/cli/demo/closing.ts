import type { RunDetail, Task } from '../../api/client/index.js';
import { duration, durationRange } from '../output/format.js';
import { type Column, table } from '../output/table.js';
import type { Terminal } from '../output/terminal.js';
import { measure } from './arrival-order.js';
import type { Outcome } from './story.js';

interface Row {
  readonly run: RunDetail;
  readonly task: Task;
  readonly decision: string;
  /** Of all its attempts: what gave way has run before, too. */
  readonly ranSeconds: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'RUN', cell: ({ run }) => run.priority },
  { title: 'TASK', cell: ({ task }) => task.key },
  { title: 'POOL', cell: ({ task }) => task.request?.pool ?? '' },
  { title: 'NODE', cell: ({ task }) => task.node ?? '' },
  { title: 'FORECAST', cell: ({ task }) => forecastOf(task), align: 'right' },
  { title: 'WAITED', cell: ({ task }) => duration(task.waitedSeconds ?? 0), align: 'right' },
  { title: 'RAN', cell: ({ ranSeconds }) => duration(ranSeconds), align: 'right' },
  { title: 'DECISION', cell: ({ decision }) => decision, flexible: true },
];

const forecastOf = ({ forecast }: Task): string =>
  forecast === null ? '' : durationRange(forecast.p50Seconds, forecast.p90Seconds);

/** All tasks of both runs in the order in which they started. */
const rowsOf = (outcome: Outcome): readonly Row[] =>
  [outcome.training, outcome.urgent]
    .flatMap((run) =>
      run.tasks.map((task) => ({
        run,
        task,
        decision: decisionOf(outcome, run, task),
        ranSeconds: ranSecondsOf(outcome, run, task),
      })),
    )
    .sort((a, b) => (a.task.startedAt ?? '').localeCompare(b.task.startedAt ?? ''));

const decisionOf = ({ explanations, urgent, victim }: Outcome, run: RunDetail, task: Task): string => {
  const past = (explanations.get(run.id) ?? [])
    .filter(({ task: key }) => key === task.key)
    .flatMap(({ past }) => past);
  const had = (kind: string) => past.some((decision) => decision.kind === kind);
  if (!had('granted')) return task.state;
  if (run === urgent && task.request?.pool === 'gpu') return `${victim.taskKey} made room`;
  if (had('preempting')) return 'made room, then went on';
  return had('deferred') ? 'granted in its turn' : 'granted at once';
};

const ranSecondsOf = ({ explanations, training, victim }: Outcome, run: RunDetail, task: Task): number =>
  run === training && task.key === victim.taskKey
    ? measure(explanations.get(run.id) ?? [], task.key).ranMs / 1_000
    : (task.ranSeconds ?? 0);

/** What happened and why, as a table, and what came of it. */
export const closingLines = (outcome: Outcome, to: Terminal): readonly string[] => {
  const { bold } = to.colours;
  const { urgentWaitedSeconds, inArrivalOrderSeconds, victim, testScore, baselineScore } = outcome;
  return [
    '',
    ...table(COLUMNS, rowsOf(outcome), to),
    '',
    `${bold('Score')}    AUC ${testScore.toFixed(3)} on June, which no training saw; by the hour of the day alone ${baselineScore.toFixed(3)}`,
    `${bold('Cost')}     ${victim.taskKey} did ${duration(victim.lostSeconds)} of its work twice`,
    `${bold('Urgency')}  waited ${duration(urgentWaitedSeconds)} for a gpu; the same run times replayed in order of arrival: ${duration(inArrivalOrderSeconds)}`,
  ];
};
