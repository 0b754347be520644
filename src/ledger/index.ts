export type * from './contract.js';
export { ATTEMPT_STATES } from './contract.js';
export { AUDIT_DAYS } from './forget.js';
export { openLedger } from './ledger.js';
export type { LedgerSettings } from './settings.js';
