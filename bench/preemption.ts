import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ApiClient, createClient } from '../src/api/client/index.js';
import { freePort, resolveTemporal, startTemporalServer } from '../src/embedded/index.js';
import { spawnGuarded } from '../src/embedded/processes.js';
import { until } from '../src/embedded/until.js';
import { benchDatabase } from './support/database.js';
import { median } from './support/numbers.js';

/**
 * How long it takes from the decision to preempt until the device is free, on a whole system of real processes: API, control
 * and worker apart. Between the cycle that decides and the one that gives the freed device to the task that it is for.
 */
const ROUNDS = 12;
const PATIENCE_MS = 60_000;
const TOKEN = 'bench-worker-token';

/** A training that leaves at once when it is asked to, and one that has to be killed after its grace. */
const KINDS = {
  willing: { graceSeconds: 10, script: 'trap "exit 1" TERM; while true; do sleep 0.02; done' },
  stubborn: { graceSeconds: 1, script: 'trap "" TERM; while true; do sleep 0.02; done' },
} as const;

const main = async (json: boolean): Promise<void> => {
  const stage = await setStage();
  const figures: Record<string, { p50Ms: number; maxMs: number }> = {};
  try {
    for (const [name, kind] of Object.entries(KINDS)) {
      const took: number[] = [];
      for (let round = 0; round < ROUNDS; round++)
        took.push(await oneRound(stage.api, kind, `${name}-${round}`));
      const overGrace = took.map((ms) => ms - (name === 'stubborn' ? kind.graceSeconds * 1_000 : 0));
      if (!json) console.log(`${name}, ms: ${overGrace.join(' ')}`);
      figures[name] = { p50Ms: Math.round(median(overGrace)), maxMs: Math.max(...overGrace) };
    }
    console.log(JSON.stringify({ rounds: ROUNDS, database: stage.database, ...figures }));
  } finally {
    await stage.stop();
  }
};

/** Milliseconds between the events `preempting` of the one and `granted` of the other. */
const oneRound = async (
  api: ApiClient,
  kind: (typeof KINDS)[keyof typeof KINDS],
  round: string,
): Promise<number> => {
  // A name of its own: the scheduler would learn that these trainings are short.
  const start = (name: string, priority: 'low' | 'critical', task: object) =>
    api.startRun({
      document: { apiVersion: 'signalbox/v1', name, tasks: { t: { pool: 'gpu', ...task } } },
      priority,
    } as never);
  const training = { grace: `${kind.graceSeconds}s`, estimate: '1h', run: { command: kind.script } };
  const low = (await start(`training-${round}`, 'low', training)).run.id;
  const stateOf = async (id: string) => (await api.getRun(id)).tasks[0];
  await until('the training to run', PATIENCE_MS, async () => {
    if ((await stateOf(low))?.startedAt == null) throw new Error('not yet');
  });
  // Anywhere between two of its heartbeats.
  await new Promise((done) => setTimeout(done, Math.random() * 1_000));
  const urgent = (await start(`urgent-${round}`, 'critical', { estimate: '1s', run: { command: 'true' } }))
    .run.id;
  await until('the urgent run to end', PATIENCE_MS, async () => {
    if ((await api.getRun(urgent)).status === 'running') throw new Error('not yet');
  });
  const at = await Promise.all([eventAt(api, low, 'preempting'), eventAt(api, urgent, 'granted')]);
  await api.act(low, 'cancel');
  await until('the training to end', PATIENCE_MS, async () => {
    if ((await api.getRun(low)).status === 'running') throw new Error('not yet');
  });
  return at[1] - at[0];
};

const eventAt = async (api: ApiClient, run: string, kind: string): Promise<number> => {
  const { explanations } = await api.explain(run, 't');
  const found = explanations.flatMap(({ past }) => past).find((event) => event.kind === kind);
  if (found === undefined) throw new Error(`Run ${run} has no event ${kind}.`);
  return Date.parse(found.at);
};

const setStage = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-'));
  const database = await benchDatabase(folder);
  const source = await resolveTemporal();
  const [temporalPort, port] = [await freePort(), await freePort()];
  const server =
    source.kind === 'address'
      ? null
      : await startTemporalServer({
          binary: source.path,
          logFile: join(folder, 'temporal.log'),
          port: temporalPort,
        });
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: source.kind === 'address' ? source.address : `127.0.0.1:${temporalPort}`,
    SIGNALBOX_API_URL: `http://127.0.0.1:${port}`,
    SIGNALBOX_DATABASE_URL: database.url,
    SIGNALBOX_WORKER_TOKEN: TOKEN,
    SIGNALBOX_WORKSPACE: join(folder, 'workspace'),
  };
  const policy = `--policy=${resolve('test/fixtures/policies/giving-way.yaml')}`;
  const start = (...args: string[]) =>
    spawnGuarded(process.execPath, [resolve('bin/signalbox.js'), ...args], {
      cwd: folder,
      env,
      logFile: join(folder, `${args[0]}.log`),
    });
  const processes = [
    await start('api', policy, `--port=${port}`),
    await start('control', policy),
    await start('worker', '--pool=gpu', '--node=bench', '--virtual-devices=1', '--cores=2'),
  ];
  const api = createClient({ url: env.SIGNALBOX_API_URL });
  await until('the node to take work', PATIENCE_MS, async () => {
    if ((await api.listNodes()).nodes.length === 0) throw new Error('not yet');
  });
  const stop = async () => {
    for (const child of processes.reverse()) await child.stop(10_000);
    await server?.stop(5_000);
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { api, database: database.name, stop };
};

await main(process.argv.includes('--json'));
