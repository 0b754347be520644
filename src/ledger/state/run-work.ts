import { type Pool, sizeOf, taskName } from '../../domain/index.js';
import type { TaskRow, WorkRow } from '../rows/index.js';

/** The queue hears of a run's remaining work in such steps, so that its tasks do not move with each task that ends. */
const STEP = 0.75;
/** The smallest step: a hundred-thousandth of the whole. */
const LAST_STEP = 40;

/** The states after which a task needs nothing more. */
const DONE = new Set<TaskRow['state']>([
  'succeeded',
  'reused',
  'rejected',
  'withdrawn',
  'cancelled',
  'failed',
]);

/** How many device-seconds an attempt is taken for. */
export const deviceSecondsOf = ({ takenSeconds, forecast, request }: TaskRow): number =>
  ((takenSeconds ?? forecast.p50Seconds) + (forecast.expectedLossSeconds ?? 0)) * sizeOf(request);

/** What is left of one run in each pool: what was forecast of it when it arrived, less what has ended. */
export class RunWork {
  #row: WorkRow | undefined;
  /** By task key the attempts that are known, with what each leaves to be done. */
  readonly #attempts = new Map<string, Map<number, number>>();
  readonly #entered = new Map<string, number>();
  readonly #left = { gpu: 0, cpu: 0, io: 0 };
  readonly #total = { gpu: 0, cpu: 0, io: 0 };

  get row(): WorkRow | undefined {
    return this.#row;
  }

  /** Device-seconds that are still to be done. */
  left(pool: Pool): number {
    return Math.max(0, this.#left[pool]);
  }

  /** The same as the queue is told: in steps, each a quarter less than the one before; the same however it was reached. */
  told(pool: Pool): number {
    const [left, total] = [this.left(pool), this.#total[pool]];
    if (total === 0 || left === 0) return left;
    const step = Math.min(LAST_STEP, Math.floor(Math.log(left / total) / Math.log(STEP) + 1e-9));
    return total * STEP ** step;
  }

  /** Whether the attempt's task is known, or is an item that was forecast and has not come yet. */
  expects({ taskKey }: TaskRow): boolean {
    const name = taskName(taskKey);
    return (
      this.#attempts.has(taskKey) || (this.#entered.get(name) ?? 0) < (this.#row?.tasks[name]?.items ?? 0)
    );
  }

  /** Takes what was forecast of the run; undefined where that is taken back. */
  expect(row: WorkRow | undefined): void {
    for (const name of Object.keys(this.#row?.tasks ?? {})) this.#expectTask(name, -1);
    this.#row = row;
    for (const name of Object.keys(row?.tasks ?? {})) this.#expectTask(name, 1);
  }

  #expectTask(name: string, sign: 1 | -1): void {
    const task = this.#row?.tasks[name];
    if (task === undefined) return;
    const missing = Math.max(0, task.items - (this.#entered.get(name) ?? 0));
    this.#left[task.pool] += sign * missing * task.deviceSeconds;
    this.#total[task.pool] += sign * task.items * task.deviceSeconds;
  }

  /** An attempt as it stands now. */
  set(task: TaskRow): void {
    this.#change(task, (attempts) => {
      attempts.set(task.attempt, DONE.has(task.state) ? 0 : deviceSecondsOf(task));
    });
  }

  remove(task: TaskRow): void {
    this.#change(task, (attempts) => void attempts.delete(task.attempt));
  }

  #change({ taskKey, request: { pool } }: TaskRow, how: (attempts: Map<number, number>) => void): void {
    const attempts = this.#attempts.get(taskKey) ?? new Map<number, number>();
    const before = newest(attempts);
    if (before !== undefined) this.#left[pool] -= before;
    how(attempts);
    const after = newest(attempts);
    if (after !== undefined) this.#left[pool] += after;
    if (after === undefined) this.#attempts.delete(taskKey);
    else this.#attempts.set(taskKey, attempts);
    if ((before === undefined) !== (after === undefined)) this.#enter(taskKey, after === undefined ? -1 : 1);
  }

  /** An item that was expected has come (or is taken back): it is now counted for itself. */
  #enter(taskKey: TaskRow['taskKey'], sign: 1 | -1): void {
    const name = taskName(taskKey);
    this.#expectTask(name, -1);
    this.#entered.set(name, (this.#entered.get(name) ?? 0) + sign);
    this.#expectTask(name, 1);
  }
}

const newest = (attempts: ReadonlyMap<number, number>): number | undefined => {
  let last = -1;
  let left: number | undefined;
  for (const [attempt, value] of attempts)
    if (attempt > last) {
      last = attempt;
      left = value;
    }
  return left;
};
