import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type GuardedChild, signalGroup, spawnGuarded } from '../../../../src/embedded/processes.js';

const PROGRAM = resolve('bin/signalbox.js');
/** What ends by itself is started again after so long, as any service manager does. */
const RESTART_MS = 500;

/** How a service is started. */
export interface ServiceSettings {
  readonly name: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Told when it ended without our doing. */
  readonly onOwnEnd: (line: string) => void;
}

/** One of our programs as a real process, kept running unless a fault holds it down. */
export class Service {
  #child: GuardedChild | null = null;
  #wanted = false;

  constructor(private readonly settings: ServiceSettings) {}

  get name(): string {
    return this.settings.name;
  }

  get logFile(): string {
    return join(this.settings.folder, `${this.settings.name}.log`);
  }

  async start(): Promise<void> {
    this.#wanted = true;
    await this.#launch();
  }

  /** SIGKILL; it stays down until it is started again. */
  async kill(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    child?.kill();
    await child?.exited;
  }

  /** SIGSTOP: it lives, but does nothing. */
  pause(): void {
    this.#signal('SIGSTOP');
  }

  resume(): void {
    this.#signal('SIGCONT');
  }

  /** SIGTERM, and SIGKILL should it not have left in time. */
  async stop(): Promise<void> {
    this.#wanted = false;
    this.resume();
    await this.#child?.stop(20_000);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child !== null) signalGroup(this.#child.pid, signal);
  }

  async #launch(): Promise<void> {
    const { args, env, folder: cwd } = this.settings;
    const child = await spawnGuarded(process.execPath, [PROGRAM, ...args], {
      cwd,
      env,
      logFile: this.logFile,
    });
    this.#child = child;
    void child.exited.then(({ code, signal }) => this.#ended(child, signal ?? `exit code ${code}`));
  }

  async #ended(child: GuardedChild, how: string): Promise<void> {
    if (this.#child !== child || !this.#wanted) return;
    this.settings.onOwnEnd(`${this.name} ended by itself (${how}); it is started again`);
    await delay(RESTART_MS);
    if (this.#child === child && this.#wanted) await this.#launch();
  }
}
