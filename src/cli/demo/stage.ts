import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../api/client/index.js';
import { SignalboxError } from '../../domain/index.js';
import { type Dev, freePort, startDev } from '../../embedded/index.js';
import { PACKAGE_ROOT } from '../package-root.js';
import { type PatientClient, patient } from './patience.js';

const DATA = 'node_modules/vega-datasets/data/flights-3m.parquet';

/** Everything the demo runs on: a folder of its own and a whole Signalbox in it. */
export interface Stage {
  readonly dev: Dev;
  readonly client: PatientClient;
  /** The flights pipeline, as text. */
  readonly document: string;
  readonly folder: string;
  /** Stops everything; forgets the folder unless told to keep it. */
  close(options: { readonly keepFolder: boolean }): Promise<void>;
}

/**
 * Sets everything up in a temporary folder on free ports, so that the demo meets no other Signalbox and leaves nothing
 * behind. Throws `demo-failed` where the data set is not installed, and whatever `startDev` throws.
 */
export const openStage = async (progress: (line: string) => void): Promise<Stage> => {
  if (!existsSync(join(PACKAGE_ROOT, DATA))) {
    throw new SignalboxError(
      'demo-failed',
      `The data set is missing: ${DATA}. Run \`npm ci\` in a checkout.`,
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-demo-'));
  // However the demo ends, the folder goes with it.
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  try {
    for (const name of ['pipelines', 'node_modules']) {
      await symlink(join(PACKAGE_ROOT, name), join(folder, name));
    }
    const dev = await startDev({
      folder,
      apiPort: await freePort(),
      temporalPort: await freePort(),
      uiPort: await freePort(),
      policy: { file: join(PACKAGE_ROOT, 'policies/express.yaml'), by: 'the demo' },
      progress,
    });
    return {
      dev,
      client: patient(createClient({ url: dev.apiUrl })),
      document: await readFile(join(PACKAGE_ROOT, 'pipelines/flights/flights.yaml'), 'utf8'),
      folder,
      close: async ({ keepFolder }) => {
        await dev.stop();
        if (keepFolder) process.off('exit', removeFolder);
        else removeFolder();
      },
    };
  } catch (error) {
    removeFolder();
    throw error;
  }
};
