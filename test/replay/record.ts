import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import packageJson from '../../package.json' with { type: 'json' };
import { freePort, resolveTemporal, startTemporalServer } from '../../src/embedded/index.js';
import { type Rig, startRig } from '../workflows/rig.js';
import { SCENARIOS } from './scenarios.js';

/**
 * Records one history per scenario for this release, below test/replay/histories/VERSION. Run it once, when a release is
 * made: the histories of a release stay as they were, because they stand for runs that are under way at users.
 */
const record = async (address: string, folder: string): Promise<void> => {
  const rig = await startRig({ address, namespace: 'default' });
  await mkdir(folder, { recursive: true });
  for (const [name, play] of Object.entries(SCENARIOS)) {
    const executions = await play(rig);
    for (const [n, handle] of executions.entries()) {
      const history = JSON.parse(historyToJSON(await handle.fetchHistory()));
      await writeFile(join(folder, `${name}-${n + 1}.json`), `${withoutPaths(JSON.stringify(history))}\n`);
    }
    console.log(name);
    reset(rig);
  }
  await rig.stop();
};

/** Stack traces say where the recording stood; a replay does not look at them. */
const withoutPaths = (json: string): string =>
  json.replace(/\/[^\s"()]*?\/(node_modules|workflows|test)\//g, '$1/');

const reset = (rig: Rig): void => {
  rig.turns.length = 0;
  rig.attempts.length = 0;
};

const source = await resolveTemporal();
if (source.kind === 'address')
  throw new Error('Recording starts a server of its own: unset TEMPORAL_ADDRESS.');
const place = await mkdtemp(join(tmpdir(), 'signalbox-record-'));
const port = await freePort();
const server = await startTemporalServer({ binary: source.path, logFile: join(place, 'temporal.log'), port });
try {
  await record(
    `127.0.0.1:${port}`,
    fileURLToPath(new URL(`histories/${packageJson.version}`, import.meta.url)),
  );
} finally {
  await server.stop(5_000);
  await rm(place, { recursive: true, force: true });
}
