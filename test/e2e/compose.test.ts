import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../src/api/client/index.js';
import { freePort } from '../../src/embedded/index.js';
import { type GuardedChild, spawnGuarded } from '../../src/embedded/processes.js';
import { ownServices, type Service, substitute, variablesOf } from '../support/compose.js';
import { testDatabase } from '../support/database.js';
import { testNamespace } from '../support/temporal.js';

const READY = { timeout: 60_000, interval: 250 };

let folder: string;
let apiUrl: string;
/** What of the compose file's world is elsewhere on this machine: hosts, ports, folders. */
let elsewhere: readonly (readonly [from: string | RegExp, to: string])[];
const secrets = Object.fromEntries(
  variablesOf(readFileSync('docker-compose.yml', 'utf8')).map((name) => [
    name,
    randomBytes(16).toString('hex'),
  ]),
);
const started = new Map<string, GuardedChild>();

const here = (text: string): string =>
  elsewhere.reduce((now, [from, to]) => now.replaceAll(from, to), substitute(text, secrets));
const environmentOf = ({ environment = {} }: Service): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: folder,
  SIGNALBOX_PORT: new URL(apiUrl).port,
  ...Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, here(String(value))])),
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-compose-'));
  const { address, namespace } = await testNamespace();
  const port = await freePort();
  apiUrl = `http://127.0.0.1:${port}`;
  elsewhere = [
    [/^postgres:\/\/.*$/g, await testDatabase()],
    ['temporal:7233', address],
    [/^default$/g, namespace],
    ['http://api:7700', apiUrl],
    [/^7700$/g, String(port)],
    ['/data/', `${folder}/`],
  ];
  for (const [name, service] of ownServices()) started.set(name, await start(name, service));
});
afterAll(async () => {
  await Promise.all([...started.values()].map((child) => child.stop(20_000)));
  rmSync(folder, { recursive: true, force: true });
});

/** The image's entry point with the service's own command, in a folder like the container's. */
const start = (name: string, service: Service): Promise<GuardedChild> =>
  spawnGuarded(process.execPath, [resolve('bin/signalbox.js'), ...(service.command ?? []).map(here)], {
    cwd: folder,
    env: environmentOf(service),
    logFile: join(folder, `${name}.log`),
  });

/** How a health check's program ends: 0 says healthy. */
const health = (service: Service, args: readonly string[]): Promise<number | null> =>
  new Promise((done) => {
    const program = resolve('deploy/health.mjs');
    spawn(process.execPath, [program, ...args], { env: environmentOf(service) }).once('exit', done);
  });
const healthArguments = (name: string): readonly string[] =>
  ownServices().get(name)?.healthcheck?.test.slice(3) ?? ['api'];

describe('the services of docker-compose.yml, started as they stand there', () => {
  test('run a pipeline over all three pools, for those who show the token', async () => {
    const client = createClient({ url: apiUrl, token: secrets.SIGNALBOX_API_TOKEN as string });
    await expect
      .poll(
        () =>
          client.listNodes().then(
            ({ nodes }) => nodes.length,
            () => 0,
          ),
        READY,
      )
      .toBe(3);

    const document = `
apiVersion: signalbox/v1
name: compose
tasks:
  load: { pool: io, run: { command: 'seq 1 100 > $SIGNALBOX_DIR/n.csv; echo ''{"n": {"$file": "n.csv"}}'' > $SIGNALBOX_OUTPUT' } }
  add: { needs: [load], pool: cpu, run: { sql: "SELECT sum(column0)::INT AS total FROM read_csv('\${{ tasks.load.outputs.n }}', header = false)" } }
  train: { needs: [add], pool: gpu, run: { command: 'echo "{\\"devices\\": \\"$CUDA_VISIBLE_DEVICES\\"}" > $SIGNALBOX_OUTPUT' } }`;
    const { run } = await client.startRun({ document });
    await expect.poll(async () => (await client.getRun(run.id)).status, READY).toBe('succeeded');

    const outputs = Object.fromEntries(
      (await client.getRun(run.id)).tasks.map(({ key, outputs }) => [key, outputs]),
    );
    expect(outputs).toMatchObject({ add: { total: 5050 }, train: { devices: '0' } });
  });

  test('refuse those who show none', async () => {
    await expect(createClient({ url: apiUrl }).listRuns()).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test.each([...ownServices().keys()])('%s passes its own health check', async (name) => {
    const service = ownServices().get(name) as Service;
    await expect.poll(() => health(service, healthArguments(name)), READY).toBe(0);
  });

  test('a worker that asks for no work fails the check', async () => {
    expect(await health(ownServices().get('worker-cpu') as Service, ['cpu@nobody'])).toBe(1);
  });

  test('leave within their grace when they are told to', async () => {
    const ends = await Promise.all(
      [...started.values()].map(async (child) => {
        await child.stop(30_000);
        return child.exited;
      }),
    );
    expect(ends).toEqual([...started].map(() => ({ code: 0, signal: null })));
  });
});
