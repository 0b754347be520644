import type { TaskError } from '../src/domain/advance.js';
import { durationSeconds, type Task } from '../src/domain/pipeline/runtime.js';

/** A task whose worker is lost again and again may be what kills it. */
export const MAX_LOSSES = 5;

/** Whether a task that has failed `failures` times gets another attempt. */
export const mayRetry = ({ retry }: Task, failures: number, error: TaskError | null): boolean =>
  failures < retry.attempts && error?.final !== true && !retry.final.includes(error?.code ?? '');

/** How long the task waits after its n-th failure: exponential, capped. */
export const backoffSeconds = ({ retry }: Task, failures: number): number =>
  Math.min(
    durationSeconds(retry.initialDelay) * retry.factor ** (failures - 1),
    durationSeconds(retry.maxDelay),
  );
