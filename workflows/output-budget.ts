import type { TaskError } from '../src/domain/advance.js';
import type { JsonValue } from '../src/domain/json.js';
import { MAX_RUN_OUTPUT_BYTES, MAX_TASK_OUTPUT_BYTES } from '../src/domain/run.js';

/** Keeps inline outputs small, because each one travels through every later turn of the history. */
export class OutputBudget {
  private used = 0;

  /** Counts a task's outputs; an error where they are too large, or too large for what the run has left. */
  take(outputs: Readonly<Record<string, JsonValue>>): TaskError | null {
    const size = JSON.stringify(outputs).length;
    if (size > MAX_TASK_OUTPUT_BYTES)
      return tooLarge(`Its outputs take ${size} bytes`, MAX_TASK_OUTPUT_BYTES);
    if (this.used + size > MAX_RUN_OUTPUT_BYTES)
      return tooLarge(`The run's outputs exceed`, MAX_RUN_OUTPUT_BYTES);
    this.used += size;
    return null;
  }
}

const tooLarge = (what: string, limit: number): TaskError => ({
  code: 'outputs-too-large',
  message: `${what}, the limit is ${limit}; write large values to a file and return its reference.`,
  final: true,
});
