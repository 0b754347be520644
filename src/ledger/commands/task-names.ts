import { didYouMean } from '../../domain/document/index.js';
import { type RunSpec, SignalboxError, type Task, type TaskKey, taskName } from '../../domain/index.js';

/** The document's task behind a key. Throws `not-found` for a task or an item that the run cannot have, saying what it has. */
export const namedTask = ({ runId, pipeline }: RunSpec, key: TaskKey): Task => {
  const name = taskName(key);
  const known = Object.keys(pipeline.tasks);
  const task = Object.hasOwn(pipeline.tasks, name) ? pipeline.tasks[name] : undefined;
  if (task === undefined)
    throw new SignalboxError('not-found', `The run ${runId} has no task ${key}${didYouMean(name, known)}.`);
  if (name === key) return task;
  if (task.forEach === undefined)
    throw new SignalboxError('not-found', `${name} of ${runId} is no fan-out: it has no ${key}.`);
  const items = Array.isArray(task.forEach) ? task.forEach.length : null;
  if (items !== null && Number(key.slice(name.length + 1, -1)) >= items)
    throw new SignalboxError(
      'not-found',
      `${name} of ${runId} has ${items} items, 0 to ${items - 1}: no ${key}.`,
    );
  return task;
};
