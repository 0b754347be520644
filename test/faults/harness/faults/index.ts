import { clockJump } from './clock-jump.js';
import { cutOffWorker } from './cut-off-worker.js';
import { cancelledRun, terminatedRun } from './ended-by-hand.js';
import { failingDatabase } from './failing-database.js';
import type { Fault } from './fault.js';
import { fullDisk } from './full-disk.js';
import { killedApi, killedControl, killedWorker } from './killed-process.js';
import { killedPostgres, killedTemporal } from './killed-server.js';
import { pausedControl, pausedWorker } from './paused-process.js';
import { repeatedSignals } from './repeated-signals.js';
import { resetRun } from './reset-run.js';
import { slowDatabase } from './slow-database.js';
import { unansweredCommit } from './unanswered-commit.js';

export type { Fault } from './fault.js';

/** Every kind of fault. */
export const FAULTS: readonly Fault[] = [
  killedWorker,
  killedControl,
  killedApi,
  killedTemporal,
  killedPostgres,
  pausedWorker,
  pausedControl,
  cutOffWorker,
  slowDatabase,
  failingDatabase,
  repeatedSignals,
  unansweredCommit,
  resetRun,
  terminatedRun,
  cancelledRun,
  fullDisk,
  clockJump,
];
