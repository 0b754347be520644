/** Calls earlier than the next beat are gathered for so long: a burst of ended leases is one heartbeat. */
const SOON_MS = 50;

/** Repeats a turn with a pause between, sooner when asked, never two at once. */
export class Pulse {
  #stopped = false;
  #wake: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();
  #early = false;

  constructor(
    private readonly turn: () => Promise<void>,
    private readonly periodMs: () => number,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.#running = this.#loop();
  }

  /** Asks for the next turn within a few milliseconds. */
  soon(): void {
    if (this.#early) return;
    this.#early = true;
    setTimeout(() => this.#wake(), SOON_MS).unref();
  }

  /** Pauses, until the pulse is stopped. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends the loop; resolves when its last turn is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#running;
  }

  async #loop(): Promise<void> {
    try {
      while (!this.#stopped) {
        await this.sleep(this.#early ? SOON_MS : this.periodMs());
        this.#early = false;
        if (!this.#stopped) await this.turn();
      }
    } catch (error) {
      this.onError(error);
    }
  }
}
