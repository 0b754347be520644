import type { Run } from '../../api/client/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { printJson, terminal } from '../output/terminal.js';

type ActOptions = ApiOptions & { readonly reason?: string };

const DONE = {
  cancel: (id: string) => `Asked ${id} to stop; its running tasks get their grace.`,
  pause: (id: string) => `Asked ${id} to pause: what runs goes on, nothing new starts.`,
  resume: (id: string) => `Asked ${id} to go on.`,
};

/** `signalbox cancel|pause|resume RUN`: orders it; the run obeys at its next turn. */
export const act = async (name: keyof typeof DONE, id: string, options: ActOptions): Promise<void> => {
  const answer = await openClient(options).act(id, name, options.reason);
  if (options.json) printJson(answer);
  else terminal().print(DONE[name](id));
};

/** `signalbox priority RUN CLASS`. */
export const priority = async (id: string, to: Run['priority'], options: ActOptions): Promise<void> => {
  const answer = await openClient(options).setPriority(id, to, options.reason);
  if (options.json) printJson(answer);
  else terminal().print(`Asked ${id} to take priority ${to}.`);
};
