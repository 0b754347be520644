import { openWorkspace } from '../../../activities/artifacts/index.js';
import { startApi } from '../../api/index.js';
import { openLedger } from '../../ledger/index.js';
import { untilStopped } from '../lifetime.js';
import { serviceLog } from '../log.js';
import { loadPolicyText } from '../policy.js';
import { readSettings } from '../settings.js';

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly database?: string;
  readonly workspace?: string;
  readonly policy?: string;
}

/** `signalbox api`: the HTTP API over a Postgres ledger, until it is told to stop. */
export const api = async ({ host, port, policy, ...options }: ServeOptions): Promise<void> => {
  const names = ['database', 'workspace', 'apiToken', 'workerToken'] as const;
  const { database, workspace, apiToken, workerToken } = readSettings(names, options);
  const log = serviceLog('api');
  const ledger = await openLedger({ url: database, policy: (await loadPolicyText(policy)).text, log });
  try {
    const tokens = { workerToken, ...(apiToken === undefined ? {} : { apiToken }) };
    await untilStopped(
      await startApi({
        host,
        port,
        ledger,
        workspace: openWorkspace(workspace, { env: process.env, cacheFolder: '.signalbox/cache/api' }),
        log,
        ...tokens,
      }),
    );
  } finally {
    await ledger.close();
  }
};
