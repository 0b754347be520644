import type { Explanation, ExplanationList } from '../../api/client/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { forecastLines } from '../output/forecast-text.js';
import { clock } from '../output/format.js';
import { wrap } from '../output/line.js';
import { note, printJson, type Terminal, terminal } from '../output/terminal.js';

/** `signalbox explain RUN [TASK]`: why each task is where it is, and what was decided of it, in sentences. */
export const explain = async (id: string, task: string | undefined, options: ApiOptions): Promise<void> => {
  const found = await openClient(options).explain(id, task);
  if (options.json) return printJson(found);
  if (found.explanations.length + found.acts.length === 0)
    return note(`${task ?? 'No task'} is ${task ? 'not ' : ''}ready yet: nothing has been decided.`);
  const to = terminal();
  const paragraphs = [
    ...deadlineLines(found, to, Date.now()),
    ...found.explanations.map((each) => explainLines(each, to, Date.now()).join('\n')),
    ...actLines(found.acts, to, Date.now()),
  ];
  to.print(paragraphs.join('\n\n'));
};

/** How the run stands with its deadline: one paragraph, none without one. */
const deadlineLines = ({ deadline }: ExplanationList, to: Terminal, nowMs: number): string[] => {
  if (deadline === null) return [];
  const { at: deadlineAt, outlook } = deadline;
  const facts = forecastLines({ deadlineAt, forecast: outlook, outlook }, to, nowMs);
  return [facts.slice(1).join('\n')];
};

/** How one attempt stands, and below it what was decided of it, oldest first. */
export const explainLines = (found: Explanation, { colours, width }: Terminal, nowMs: number): string[] => {
  const name = found.attempt > 1 ? `${found.task} (attempt ${found.attempt})` : found.task;
  const [first = '', ...rest] = wrap(found.now, width, `${name}: `, '  ');
  return [
    colours.bold(name) + first.slice(name.length),
    ...rest,
    ...found.levers.flatMap(({ sentence }) => decisionLines('sooner', sentence, { colours, width })),
    ...found.past.flatMap(({ at, sentence }) =>
      decisionLines(clock(at, nowMs), sentence, { colours, width }),
    ),
  ];
};

/** What people have done, below all that was decided: one paragraph, none where nobody did anything. */
const actLines = (acts: ExplanationList['acts'], { colours, width }: Terminal, nowMs: number): string[] => {
  if (acts.length === 0) return [];
  const lines = acts.flatMap(({ at, sentence }) =>
    decisionLines(clock(at, nowMs), sentence, { colours, width }),
  );
  return [[colours.bold('People'), ...lines].join('\n')];
};

const decisionLines = (
  at: string,
  sentence: string,
  { colours, width }: Pick<Terminal, 'colours' | 'width'>,
) => {
  const margin = `  ${at}  `;
  const [first = '', ...rest] = wrap(sentence, width, margin, ' '.repeat(margin.length));
  return [colours.dim(margin) + first.slice(margin.length), ...rest];
};
