import { startDev } from '../../embedded/index.js';
import { systemUser } from '../author.js';
import { untilStopped } from '../lifetime.js';
import { note, terminal } from '../output/terminal.js';

interface DevCommandOptions {
  readonly port?: number;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  readonly functions?: readonly string[];
  readonly policy?: string;
}

/** `signalbox dev`: everything on this machine, in one process tree, until Ctrl-C. */
export const dev = async ({ port, policy, ...options }: DevCommandOptions): Promise<void> => {
  const folder = process.cwd();
  const started = await startDev({
    folder,
    ...options,
    ...(port === undefined ? {} : { apiPort: port }),
    ...(policy === undefined ? {} : { policy: { file: policy, by: systemUser() } }),
    progress: note,
  });
  const { print, colours } = terminal();
  const facts = [
    ['API', started.apiUrl],
    ['Temporal UI', started.temporalUiUrl ?? `not ours (Temporal at ${started.temporalAddress})`],
    ['Logs', started.logFolder],
    ['Try', 'signalbox run FILE --follow'],
  ] as const;
  print(
    `${colours.green('✓')} Signalbox is ready. Ctrl-C stops all of it; unfinished runs go on at the next start.`,
  );
  for (const [name, fact] of facts) print(`  ${colours.dim(name.padEnd(12))} ${fact}`);
  for (const each of started.notes) print(`  ${colours.dim('Note'.padEnd(12))} ${each}`);
  await untilStopped(started);
};
