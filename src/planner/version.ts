/**
 * Names what the planner decides: the same recorded cycle gives the same decisions, byte for byte, under the same version. Whoever
 * changes any decision counts it up and keeps new recordings (`npm run record:planner`).
 */
export const PLANNER_VERSION = '2';
