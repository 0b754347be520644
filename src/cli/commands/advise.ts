import type { Settled } from '../../api/client/index.js';
import { type Advice, adviceOf } from '../../forecast/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { bytes, count } from '../output/format.js';
import { note, printJson, terminal } from '../output/terminal.js';
import { byTask } from './settled.js';

interface AdviseOptions extends ApiOptions {
  readonly pipeline?: string;
  readonly limit: number;
}

/** `signalbox advise`: which tasks ask for much more, or less, than they have ever used. */
export const advise = async (options: AdviseOptions): Promise<void> => {
  const { pipeline, limit } = options;
  const { attempts } = await openClient(options).listSettled({ limit, ...(pipeline ? { pipeline } : {}) });
  const tasks = byTask(attempts).flatMap((group) => {
    const advice = adviceOf(group.map(used));
    const [{ pipeline: name, task }] = group;
    return advice.map((one) => ({ pipeline: name, task, ...one }));
  });
  if (options.json) return printJson({ advice: tasks });
  if (tasks.length === 0) return note(`Nothing to advise from ${count(attempts.length, 'attempt')}.`);
  const { print } = terminal();
  for (const one of tasks) print(sentence(`${one.pipeline}/${one.task}`, one));
};

const used = ({ outcome, ranSeconds, request, usage }: Settled) => ({
  outcome,
  ranSeconds,
  asked: { memoryBytes: request.memoryBytes, cores: request.cores },
  ...usage,
});

const sentence = (task: string, { what, asked, used: most, ask, attempts }: Advice): string => {
  const amount = (n: number) => (what === 'memory' ? bytes(n) : `${Number(n.toFixed(1))} cores`);
  const says = most > asked ? 'has used' : 'has never used more than';
  return `${task} asks ${amount(asked)}, ${says} ${amount(most)} in ${count(attempts, 'attempt')}; ask ${amount(ask)}.`;
};
