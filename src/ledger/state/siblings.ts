import { taskName } from '../../domain/index.js';
import { Overruns } from '../../forecast/index.js';
import type { LeaseRow, RunRow, TaskRow } from '../rows/index.js';

/** Names the tasks with the same inputs, for what one says of the other. */
const familyOf = (task: TaskRow, run: RunRow): string =>
  JSON.stringify([run.pipeline, taskName(task.taskKey), task.features]);

/**
 * What tasks that run say of those like them that wait. Made from leases that are written, so that nothing of it need ever be taken
 * back; each process keeps its own.
 */
export class Siblings {
  readonly #overruns = new Overruns();
  readonly #running = new Set<string>();
  readonly #waiting = new Map<string, Set<string>>();
  /** Families of which something else is to be thought since the last cycle that was written. */
  readonly #changed = new Set<string>();

  /** A waiting attempt comes or goes. */
  wait(id: string, task: TaskRow, run: RunRow, waits: boolean): void {
    const family = familyOf(task, run);
    const waiting = this.#waiting.get(family) ?? new Set();
    if (waits) waiting.add(id);
    else waiting.delete(id);
    if (waiting.size === 0) this.#waiting.delete(family);
    else this.#waiting.set(family, waiting);
  }

  /** A lease as it has been written; an ended one is heard of once. */
  note(lease: LeaseRow, task: TaskRow | undefined, run: RunRow | undefined): void {
    if (lease.state === 'held' && task && run && !this.#running.has(lease.leaseId)) {
      this.#running.add(lease.leaseId);
      const startedAtMs = lease.grantedAtMs - task.doneSeconds * 1_000;
      this.#overruns.started(familyOf(task, run), lease.leaseId, startedAtMs, task.forecast);
    }
    if (lease.state !== 'released' || !this.#running.delete(lease.leaseId)) return;
    const ended = task?.state === 'succeeded' && task.startedAtMs !== null && task.endedAtMs !== null;
    const seconds = ended ? ((task.endedAtMs ?? 0) - (task.startedAtMs ?? 0)) / 1_000 : null;
    if (this.#overruns.ended(lease.leaseId, seconds) && task && run) this.#changed.add(familyOf(task, run));
  }

  /** The waiting attempts of which something else is to be thought by now. */
  changed(atMs: number): readonly string[] {
    for (const family of this.#overruns.pass(atMs)) this.#changed.add(family);
    return [...this.#changed].flatMap((family) => [...(this.#waiting.get(family) ?? [])]);
  }

  /** What was thought anew has been written. */
  settled(): void {
    this.#changed.clear();
  }

  /** How long siblings that run longer than forecast speak for. */
  evidence(task: TaskRow, run: RunRow): number {
    return this.#overruns.evidence(familyOf(task, run)) ?? 0;
  }
}
