import { CancellationScope, sleep } from '@temporalio/workflow';
import type { Deferred } from '../src/domain/decision.js';

const SHORTEST_MS = 30_000;
const LONGEST_MS = 3_600_000;

/** One durable timer per run while something waits: a grant whose signal was lost costs time, never the run. */
export class AskAgainTimer {
  private scope: CancellationScope | null = null;
  private fired = 0;

  constructor(private readonly onFire: () => void) {}

  /** Sees to it that a timer runs exactly while something waits: to the first ETA, later each time. */
  arm(waiting: readonly Deferred[], nowMs: number): void {
    if (waiting.length === 0) {
      this.disarm();
      return;
    }
    if (this.scope !== null) return;
    const scope = new CancellationScope();
    this.scope = scope;
    scope
      .run(() => sleep(this.delayMs(waiting, nowMs)))
      .then(
        () => this.fire(),
        () => {},
      );
  }

  private delayMs(waiting: readonly Deferred[], nowMs: number): number {
    const etas = waiting.map(({ etaP50Ms }) => etaP50Ms).filter((eta) => eta !== null);
    const untilEta = etas.length > 0 ? Math.min(...etas) - nowMs : 0;
    return Math.min(Math.max(untilEta, SHORTEST_MS * 2 ** this.fired), LONGEST_MS);
  }

  private fire(): void {
    this.scope = null;
    this.fired++;
    this.onFire();
  }

  private disarm(): void {
    this.fired = 0;
    this.scope?.cancel();
    this.scope = null;
  }
}
