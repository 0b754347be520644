import { workflowInfo } from '@temporalio/workflow';
import { durableWait } from './turn.js';

/**
 * What one message to the server may carry in arguments. The server takes 4 MB; past that a workflow would send the same
 * message again for ever.
 */
const MAX_BYTES = 1024 * 1024;

/** The room that a run has in the message it is about to send: it sends one each time it has woken and waits again. */
export class MessageRoom {
  private historyLength = -1;
  private taken = 0;
  private next: Promise<void> | null = null;

  /** Resolves once these bytes may go: at once, or with a later message. */
  async take(bytes: number): Promise<void> {
    while (!this.has(bytes)) await this.nextMessage();
    this.taken += bytes;
  }

  private has(bytes: number): boolean {
    const { historyLength } = workflowInfo();
    if (historyLength !== this.historyLength) {
      this.historyLength = historyLength;
      this.taken = 0;
    }
    return this.taken === 0 || this.taken + bytes <= MAX_BYTES;
  }

  private nextMessage(): Promise<void> {
    this.next ??= durableWait(1).then(() => {
      this.next = null;
    });
    return this.next;
  }
}
