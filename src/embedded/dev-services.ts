import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { openWorkspace } from '../../activities/artifacts/index.js';
import { startControl } from '../../workers/control.js';
import type { TemporalSettings } from '../../workers/temporal.js';
import { startApi } from '../api/index.js';
import { openLedger } from '../ledger/index.js';
import { readPolicy } from '../planner/index.js';
import type { DevFiles } from './dev-files.js';
import type { AskedPolicy } from './dev-options.js';
import { PACKAGE_ROOT } from './package-root.js';
import { UndoStack } from './undo-stack.js';
import { until } from './until.js';

const NODES_WITHIN_MS = 60_000;
/** Why a policy is in force that was named when all was started: a person typed it. */
const STARTED = 'started with --policy';

/** What the services in this process stand on. */
export interface DevServicesOptions {
  readonly files: DevFiles;
  readonly temporal: TemporalSettings;
  readonly workerToken: string;
  readonly port: number;
  /** A policy document to activate; where absent the one in force stays so, at first the default one. */
  readonly policy: AskedPolicy | undefined;
}

/** Ledger, control worker and API, in this process: PGlite belongs to one process alone. */
export interface DevServices {
  readonly apiUrl: string;
  /** Waits until so many nodes are there and take work. */
  untilNodes(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Opens the ledger in the dev folder and starts API and control worker over it, logging to `signalbox.log`. */
export async function startDevServices(options: DevServicesOptions): Promise<DevServices> {
  const { files, temporal, workerToken, port } = options;
  const log = pino({ base: null }, pino.destination(files.log('signalbox')));
  const asked = options.policy && { ...options.policy, text: readFileSync(options.policy.file, 'utf8') };
  if (asked) readPolicy(asked.text);
  const parts = new UndoStack();
  try {
    const policy = readFileSync(join(PACKAGE_ROOT, 'policies/default.yaml'), 'utf8');
    const ledger = await openLedger({ url: files.ledgerUrl, policy, log });
    parts.add(() => ledger.close());
    if (asked) await ledger.activatePolicy(asked.text, { by: asked.by, reason: STARTED });
    const workspace = openWorkspace(files.workspace, { env: process.env, cacheFolder: files.cache });
    const api = await startApi({ ledger, workspace, workerToken, host: '127.0.0.1', port, log });
    parts.add(() => api.stop());
    const control = await startControl({ temporal, ledger, log });
    parts.add(() => control.stop());
    const untilNodes = (count: number) =>
      until(`${count} nodes`, NODES_WITHIN_MS, async () => {
        const active = (await ledger.listNodes()).filter(({ state }) => state === 'active');
        if (active.length < count) throw new Error(`only ${active.length} take work; see ${files.logs}`);
      });
    return { apiUrl: api.url, untilNodes, stop: () => parts.undo() };
  } catch (error) {
    await parts.undo();
    throw error;
  }
}
