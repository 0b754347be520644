import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Where the proxy leads: a port of this machine, or a socket's path. */
export type Target = { readonly port: number } | { readonly path: string };

/** One connection through the proxy. */
interface Link {
  readonly near: Socket;
  readonly far: Socket;
}

/** What looks at the bytes that clients send; returning true keeps the answer from them and is called back when it came. */
export type Tap = (sent: Buffer) => { readonly onAnswer: () => void } | null;

/** A TCP proxy between one of our processes and what it talks to; the faults of the network happen here. */
export class TcpProxy {
  /** How long each piece is held up, either way. */
  delayMs = 0;
  /** Looks at what clients send. */
  tap: Tap | null = null;
  readonly #links = new Set<Link>();
  #state: 'open' | 'refusing' | 'silent' = 'open';

  private constructor(
    private readonly server: Server,
    private readonly target: Target,
  ) {}

  /** Starts one on a free port. */
  static async start(target: Target): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, target);
    server.on('connection', (near) => proxy.#accept(near));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  /** Breaks all connections and takes no new ones. */
  refuse(): void {
    this.#state = 'refusing';
    this.breakAll();
  }

  /** Nothing gets through any more, but no connection breaks: a cable pulled out. */
  silence(): void {
    this.#state = 'silent';
  }

  /** Lets everything through again; connections that lost something are broken, as they would be. */
  open(): void {
    if (this.#state === 'silent') this.breakAll();
    this.#state = 'open';
    this.delayMs = 0;
  }

  breakAll(): void {
    for (const { near, far } of this.#links) {
      near.destroy();
      far.destroy();
    }
    this.#links.clear();
  }

  async stop(): Promise<void> {
    this.refuse();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #accept(near: Socket): void {
    near.on('error', () => undefined);
    if (this.#state === 'refusing') {
      near.destroy();
      return;
    }
    const far = 'port' in this.target ? connect(this.target.port, '127.0.0.1') : connect(this.target.path);
    far.on('error', () => undefined);
    const link = { near, far };
    this.#links.add(link);
    let awaited: { readonly onAnswer: () => void } | null = null;
    this.#carry(near, far, (bytes) => {
      awaited ??= this.tap?.(bytes) ?? null;
      return true;
    });
    this.#carry(far, near, () => {
      awaited?.onAnswer();
      return awaited === null;
    });
    const end = () => {
      near.destroy();
      far.destroy();
      this.#links.delete(link);
    };
    near.on('close', end);
    far.on('close', end);
  }

  /** Carries bytes in their order; a piece that `passes` refuses, or that comes while all is silent, is lost. */
  #carry(from: Socket, to: Socket, passes: (bytes: Buffer) => boolean): void {
    let last: Promise<unknown> = Promise.resolve();
    from.on('data', (bytes: Buffer) => {
      if (!passes(bytes) || this.#state === 'silent') return;
      const { delayMs } = this;
      last = last.then(async () => {
        if (delayMs > 0) await delay(delayMs);
        if (!to.destroyed) to.write(bytes);
      });
    });
    from.on('end', () => void last.then(() => to.end()));
  }
}
