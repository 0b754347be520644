import type { TaskActivityInput, TaskActivityResult, TaskKind } from '../../src/domain/index.js';
import { command, type ProgramSettings } from './command.js';
import { runFunction, type TaskFunctions } from './function.js';
import { http } from './http.js';
import type { AttemptSettings } from './open-attempt.js';
import { activityOf } from './run-attempt.js';
import { quoteSql, sql } from './sql.js';

export { type Hold, LeaseRefused, type TaskAgent } from './agent.js';
export { TaskFailure } from './failure.js';
export type { TaskFunction, TaskFunctionContext, TaskFunctions } from './function.js';
export { endGroup, processes } from './process/index.js';

/** What the tasks of a worker are run with. */
export interface TaskSettings extends AttemptSettings, ProgramSettings {
  readonly functions: TaskFunctions;
}

/** The activities of a pool worker, by the kind of task, which is the activity's type. */
export type TaskActivities = Record<TaskKind, (input: TaskActivityInput) => Promise<TaskActivityResult>>;

/** Makes them. Each takes its lease from the node's agent and reports as `task-activity.ts` says. */
export const createTaskActivities = (settings: TaskSettings): TaskActivities => ({
  command: activityOf(settings, { work: command(settings) }),
  sql: activityOf(settings, { work: sql(settings), quote: quoteSql }),
  http: activityOf(settings, { work: http }),
  function: activityOf(settings, { work: runFunction(settings.functions) }),
});
