import { SignalboxError } from '../domain/index.js';
import type { Ledger } from './contract.js';
import type { LedgerSettings } from './settings.js';

export type * from './contract.js';
export { ATTEMPT_STATES } from './contract.js';
export type { LedgerSettings } from './settings.js';

/** Opens the store, brings its tables up to date and loads the hot state. Throws `ledger-unavailable`. */
export const openLedger = async (settings: LedgerSettings): Promise<Ledger> => {
  throw new SignalboxError('not-ready', `No ledger at ${settings.url} yet.`);
};
