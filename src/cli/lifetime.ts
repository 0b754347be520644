import { note } from './output/terminal.js';

/** Something started that can be stopped; `ended` settles should it end by itself. */
export interface Service {
  readonly ended?: Promise<unknown>;
  stop(): Promise<void>;
}

/** Runs a service until SIGTERM or Ctrl-C, then stops it in order; a second signal ends the process at once. */
export const untilStopped = async (service: Service): Promise<void> => {
  const signal = new Promise<void>((resolve) => {
    let asked = false;
    const onSignal = () => {
      if (asked) process.exit(1);
      asked = true;
      resolve();
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  });
  try {
    await Promise.race([signal, ...(service.ended ? [service.ended] : [])]);
    if (process.stderr.isTTY) note('Stopping; once more to stop at once.');
  } finally {
    await service.stop();
  }
};
