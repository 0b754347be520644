export type * from './contract.js';
export { ATTEMPT_STATES } from './contract.js';
export { openLedger } from './ledger.js';
export type { LedgerSettings } from './settings.js';
