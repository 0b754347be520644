import { startControl } from '../../../workers/control.js';
import { temporalSettingsFrom } from '../../../workers/temporal.js';
import { AUDIT_DAYS, openLedger } from '../../ledger/index.js';
import { untilStopped } from '../lifetime.js';
import { serviceLog } from '../log.js';
import { loadPolicyText } from '../policy.js';
import { readSettings, temporalEnvironment } from '../settings.js';

interface ControlOptions {
  readonly database?: string;
  readonly policy?: string;
  readonly auditDays?: number;
  readonly temporalAddress?: string;
  readonly temporalNamespace?: string;
}

/** `signalbox control`: runs the pipelines' workflows and plans, over a Postgres ledger, until it is told to stop. */
export const control = async ({ policy, ...options }: ControlOptions): Promise<void> => {
  const { database, auditDays = AUDIT_DAYS } = readSettings(['database', 'auditDays'], { ...options });
  const temporal = temporalSettingsFrom(temporalEnvironment({ ...options }));
  const log = serviceLog('control');
  const { text } = await loadPolicyText(policy);
  const ledger = await openLedger({ url: database, policy: text, auditDays, log });
  try {
    const { failed, stop } = await startControl({ temporal, ledger, log });
    await untilStopped({ ended: failed, stop });
  } finally {
    await ledger.close();
  }
};
