import type { Acted, Run, Who } from '../../api/client/index.js';
import { type Pool, SignalboxError } from '../../domain/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { systemUser } from '../author.js';
import { printJson, terminal } from '../output/terminal.js';

/** Options of every act: why, and who, where it is not the system's user. */
export type ActOptions = ApiOptions & { readonly reason?: string; readonly by?: string };

type PauseOptions = ActOptions & { readonly pool?: Pool; readonly all?: boolean; readonly for?: string };

/** `signalbox cancel RUN`: orders it; the run obeys at its next turn. */
export const cancel = async (id: string, options: ActOptions): Promise<void> =>
  tell(await openClient(options).act(id, 'cancel', whoOf(options)), options);

/** `signalbox pause RUN`, `--pool POOL` or `--all`. */
export const pause = async (id: string | undefined, options: PauseOptions): Promise<void> => {
  const client = openClient(options);
  const of = targetOf(id, options);
  if (of.id === undefined)
    return tell(await client.pausePool(of.pool, { ...whoOf(options), for: options.for }), options);
  if (options.for !== undefined)
    throw new SignalboxError(
      'invalid-option',
      '--for is for --pool and --all: a run is paused until resumed.',
    );
  tell(await client.act(of.id, 'pause', whoOf(options)), options);
};

/** `signalbox resume RUN`, `--pool POOL` or `--all`. */
export const resume = async (id: string | undefined, options: PauseOptions): Promise<void> => {
  const client = openClient(options);
  const of = targetOf(id, options);
  const who = whoOf(options);
  tell(
    of.id === undefined ? await client.resumePool(of.pool, who) : await client.act(of.id, 'resume', who),
    options,
  );
};

/** `signalbox priority RUN CLASS`. */
export const priority = async (id: string, to: Run['priority'], options: ActOptions): Promise<void> =>
  tell(await openClient(options).setPriority(id, to, whoOf(options)), options);

/** `signalbox deadline RUN WHEN|none`. */
export const deadline = async (id: string, when: string, options: ActOptions): Promise<void> =>
  tell(await openClient(options).setDeadline(id, when === 'none' ? null : when, whoOf(options)), options);

/** `signalbox hold|release|unpin RUN TASK`. */
export const actOnTask = async (
  act: 'hold' | 'release' | 'unpin',
  id: string,
  task: string,
  options: ActOptions,
): Promise<void> => tell(await openClient(options).actOnTask(id, task, act, whoOf(options)), options);

/** `signalbox pin RUN TASK NODE`. */
export const pin = async (id: string, task: string, node: string, options: ActOptions): Promise<void> =>
  tell(await openClient(options).pinTask(id, task, node, whoOf(options)), options);

/** `signalbox drain NODE`. */
export const drain = async (node: string, options: ActOptions): Promise<void> =>
  tell(await openClient(options).drainNode(node, whoOf(options)), options);

/** `signalbox undrain NODE`. */
export const undrain = async (node: string, options: ActOptions): Promise<void> =>
  tell(await openClient(options).undrainNode(node, whoOf(options)), options);

const whoOf = ({ by = systemUser(), reason }: ActOptions): Who => ({ by, ...(reason ? { reason } : {}) });

const tell = (acted: Acted, { json }: ActOptions): void => {
  if (json) printJson(acted);
  else terminal().print(acted.sentence);
};

type Target = { readonly id: string } | { readonly id: undefined; readonly pool: Pool | null };

/** Exactly one of a run, a pool and everything: an act on more than was meant cannot be taken back. */
const targetOf = (id: string | undefined, { pool, all }: PauseOptions): Target => {
  const named = [id, pool, all].filter((each) => each !== undefined).length;
  if (named !== 1)
    throw new SignalboxError('invalid-option', 'Name one of: a run, --pool POOL, or --all for everything.');
  return id === undefined ? { id, pool: pool ?? null } : { id };
};
