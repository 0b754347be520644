import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit } from '@temporalio/worker';

/**
 * How many tasks of the class queue this worker takes at once, and whether it takes any: Temporal sends a bare slot's task to whichever
 * worker asks, so that a node that is to take no more must not ask.
 */
export class ClassSlots implements CustomSlotSupplier<ActivitySlotInfo> {
  readonly type = 'custom';
  #taken = 0;
  #open = true;
  #waiting: (() => void)[] = [];

  constructor(private readonly slots: number) {}

  /** The node takes work, or takes no more. */
  setOpen(open: boolean): void {
    if (open === this.#open) return;
    this.#open = open;
    this.#wake();
  }

  async reserveSlot(_: unknown, signal: AbortSignal): Promise<SlotPermit> {
    for (;;) {
      const permit = this.tryReserveSlot();
      if (permit !== null) return permit;
      await this.#change(signal);
    }
  }

  tryReserveSlot(): SlotPermit | null {
    if (!this.#open || this.#taken >= this.slots) return null;
    this.#taken += 1;
    return {};
  }

  markSlotUsed(): void {}

  releaseSlot(): void {
    this.#taken -= 1;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
    });
  }
}
