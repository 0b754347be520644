import { IllegalStateError } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

let installed = false;

/**
 * Has Temporal's SDK write warnings and errors to our log (else it talks on stderr), and leave signals to us: we decide the
 * order of leaving. There is one runtime in a process: the first log given keeps it, and one that is already there stays.
 */
export const logTemporalTo = (log: Logger): void => {
  if (installed) return;
  installed = true;
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    if (level === 'ERROR') log.error(meta ?? {}, message);
    else log.warn(meta ?? {}, message);
  });
  try {
    Runtime.install({
      logger,
      shutdownSignals: [],
      // Without `forward` its native part goes on printing to the console.
      telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
    });
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
};
