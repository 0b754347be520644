import type { RunDetail, Task } from '../../api/client/index.js';
import { bytes } from '../output/format.js';
import type { Cast } from './cast.js';
import type { PatientClient } from './patience.js';
import { numberOf, succeeded, taskOf, trainingTasks, watchUntil } from './watch.js';

/** Two candidates for each device: an urgent run always finds the pool full, and others before it. */
const CANDIDATES_PER_DEVICE = 2;
/**
 * A candidate takes about half a minute on two shared cores, so that the first still run when the urgent run is ready for its device; it
 * saves a checkpoint every few seconds.
 */
const SIZE = { sample: 40, trees: 1_000 };

/** The nightly training begins and fills the gpu pool. Returns its run's id. */
export const fillThePool = async (cast: Cast, devices: number): Promise<string> => {
  const { client, document, say, signal } = cast;
  say.scene('A nightly training starts, at batch priority');
  const params = { ...SIZE, candidates: candidates(devices * CANDIDATES_PER_DEVICE) };
  const { run } = await client.startRun({ document, params, priority: 'batch' });
  say.note(`${run.id}: the US flights of January to June 2001; which will arrive late?`);
  await tellPreparation(cast, run.id);
  const full = await watchUntil(client, run.id, (now) => wellUnderWay(now).length >= devices, signal);
  const waiting = trainingTasks(full).filter(({ state }) => state === 'waiting').length;
  say.note(`train: the gpu pool is full, ${wellUnderWay(full).length} candidates run, ${waiting} wait`);
  return run.id;
};

/** A pool's devices over all nodes. */
export const countDevices = async (client: PatientClient): Promise<number> => {
  const { nodes } = await client.listNodes();
  return nodes.reduce((sum, { capacity }) => sum + capacity.devices, 0);
};

/** Different depths and rates; beyond the grid's size the rates differ further. */
const candidates = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    depth: 3 + (i % 4),
    learningRate: Number((0.06 * (1 + Math.floor(i / 4))).toFixed(2)),
  }));

/** Far enough to have something to lose. */
const UNDER_WAY = 0.15;

const wellUnderWay = (run: RunDetail): readonly Task[] =>
  trainingTasks(run).filter(({ state, progress }) => state === 'running' && (progress ?? 0) > UNDER_WAY);

const tellPreparation = async ({ client, say, signal }: Cast, id: string) => {
  const ingested = await watchUntil(client, id, succeeded('ingest'), signal);
  const digest = String(taskOf(ingested, 'ingest').outputs.sha256).slice(0, 12);
  say.done('ingest', `${bytes(numberOf(ingested, 'ingest', 'bytes'))} by reference, SHA-256 ${digest}…`);
  const validated = await watchUntil(client, id, succeeded('validate'), signal);
  const flights = numberOf(validated, 'validate', 'flights').toLocaleString('en');
  say.done('validate', `${flights} flights, five quality rules hold`);
  const split = await watchUntil(client, id, succeeded('features'), signal);
  const rows = ['trainRows', 'validationRows', 'testRows'].map((part) =>
    numberOf(split, 'features', part).toLocaleString('en'),
  );
  say.done(
    'features',
    `a sample split by time: ${rows[0]} to learn from, ${rows[1]} to choose with, ${rows[2]} to score`,
  );
};
