import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit } from '@temporalio/worker';
import { Changes } from './changes.js';

/**
 * How many tasks of the class queue this worker takes at once, and whether it takes any: Temporal sends a bare slot's task to whichever
 * worker asks, so that a node that is to take no more must not ask.
 */
export class ClassSlots implements CustomSlotSupplier<ActivitySlotInfo> {
  readonly type = 'custom';
  #taken = 0;
  #open = true;
  readonly #changes = new Changes();

  constructor(private readonly slots: number) {}

  /** The node takes work, or takes no more. */
  setOpen(open: boolean): void {
    if (open === this.#open) return;
    this.#open = open;
    this.#changes.announce();
  }

  async reserveSlot(_: unknown, signal: AbortSignal): Promise<SlotPermit> {
    for (;;) {
      const permit = this.tryReserveSlot();
      if (permit !== null) return permit;
      await this.#changes.next(signal);
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
    this.#changes.announce();
  }
}
