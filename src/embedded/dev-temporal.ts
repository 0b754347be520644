import type { TemporalSettings } from '../../workers/temporal.js';
import { temporalSettingsFrom } from '../../workers/temporal.js';
import type { DevFiles } from './dev-files.js';
import { type Supervised, supervise } from './supervisor.js';
import { resolveTemporal } from './temporal-binary.js';
import { startTemporalServer } from './temporal-server.js';

/** The Temporal server of a dev folder: ours, kept running, or the one that TEMPORAL_ADDRESS names. */
export interface DevTemporal {
  readonly settings: TemporalSettings;
  readonly uiUrl: string | null;
  readonly child: Supervised | null;
}

interface DevTemporalOptions {
  readonly files: DevFiles;
  readonly ports: { readonly temporal: number; readonly ui: number };
  readonly progress: (line: string) => void;
}

/** Finds the server's program and starts it with its state in the folder; starts none where TEMPORAL_ADDRESS is set. */
export async function startDevTemporal({ files, ports, progress }: DevTemporalOptions): Promise<DevTemporal> {
  const source = await resolveTemporal({ progress });
  if (source.kind === 'address') {
    return { settings: temporalSettingsFrom(process.env), uiUrl: null, child: null };
  }
  const child = await supervise({
    name: 'temporal',
    pidFile: files.pid('temporal'),
    died: progress,
    start: () =>
      startTemporalServer({
        binary: source.path,
        logFile: files.log('temporal'),
        databaseFile: files.temporalDatabase,
        port: ports.temporal,
        uiPort: ports.ui,
      }),
  });
  return {
    settings: { address: `127.0.0.1:${ports.temporal}`, namespace: 'default' },
    uiUrl: `http://127.0.0.1:${ports.ui}`,
    child,
  };
}
