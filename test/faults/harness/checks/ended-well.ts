import type { RunDetail } from '../../../../src/api/client/index.js';
import { FRUGAL } from '../workload/documents.js';
import type { Accepted } from '../workload/stream.js';

/** What is wrong with a run that has ended: its end, a task that is missing, an output that was promised. */
export const endedWell = ({ id, work, ended }: Accepted, { status, tasks, error }: RunDetail): string[] => {
  if (status === 'cancelled' && ended) return [];
  if (status === 'failed' && work.tenant === FRUGAL && error?.code === 'budget-exhausted') return [];
  // A task that is lost more than five times counts as what kills its workers: with many faults, chance may have it so.
  if (status === 'failed' && error?.code === 'worker-lost') return [];
  if (status !== 'succeeded')
    return [`${id} (${work.document.name}) ended as ${status}: ${error?.code} ${error?.message}`];
  const missing = work.promising.filter((name) => !tasks.some(({ key }) => nameOf(key) === name));
  const broken = tasks.flatMap(({ key, state, outputs }) => {
    if (state !== 'succeeded') return [`${id}/${key} is ${state}, though its run has succeeded`];
    if (!work.promising.includes(nameOf(key)) || nameOf(key) === 'many') return [];
    return outputs.value === `${id}/${key}` && outputs.file
      ? []
      : [`${id}/${key} lacks what it promised: it has ${JSON.stringify(outputs)}`];
  });
  return [...missing.map((name) => `${id} has no task ${name}`), ...broken];
};

const nameOf = (key: string): string => key.replace(/\[.*$/, '');
