import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A program of a benchmark that runs beside it, and what it said once it was ready. */
export interface BenchProcess {
  readonly child: ChildProcess;
  readonly answer: Record<string, unknown>;
  /** Sends it a message and waits for its answer. Rejects where it ends instead. */
  ask(message: object): Promise<Record<string, unknown>>;
  /** Asks it to end, and ends it where it does not within ten seconds. */
  end(): Promise<void>;
}

/** Starts a program of the folder `bench` with its settings as its only argument; ready at its first message that is no aside. */
export const startProcess = async (file: string, settings: object): Promise<BenchProcess> => {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const child = fork(path, [JSON.stringify(settings)], {
    execArgv: [...process.execArgv.filter((flag) => flag.startsWith('--cpu-prof')), '--import', 'tsx'],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with ${code}.`);
  });
  died.catch(() => {});
  const answered = (): Promise<Record<string, unknown>> =>
    new Promise((resolve) => {
      const take = (message: Record<string, unknown>): void => {
        if ('aside' in message) return;
        child.off('message', take);
        resolve(message);
      };
      child.on('message', take);
    });
  const heard = () => Promise.race([answered(), died]);
  const answer = await heard();
  return {
    child,
    answer,
    ask(message) {
      const answer = heard();
      child.send(message);
      return answer;
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const impatient = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(impatient);
    },
  };
};
