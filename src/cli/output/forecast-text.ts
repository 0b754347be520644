import type { Run } from '../../api/client/index.js';
import { clock } from './format.js';
import { wrap } from './line.js';
import { deadlineText, forecastLine } from './run-text.js';
import type { Terminal } from './terminal.js';

/** What of a run is shown of its forecast: a run that has begun, or one that was only tried. */
export type Forecasted = Pick<Run, 'deadlineAt' | 'forecast'> &
  Partial<Pick<Run, 'endedAt' | 'status' | 'outlook'>>;

/** When it should finish and whether its deadline holds; where that is in doubt, what is in the way and what could be done. */
export const forecastLines = (run: Forecasted, to: Terminal, nowMs: number): string[] => {
  const { yellow } = to.colours;
  const doubtful = isDoubtful(run);
  const deadline = deadlineText(run, nowMs);
  const { inTheWay, offers } = run.outlook ?? run.forecast;
  const plain = (text: string) => text;
  return [
    ...fact('forecast', [forecastLine(run, nowMs)], to),
    ...fact('beware', run.forecast.warnings, to, yellow),
    ...fact('deadline', deadline === '' ? [] : [deadline], to, doubtful ? yellow : plain),
    ...(doubtful ? fact('in the way', inTheWay, to) : []),
    ...(doubtful
      ? fact(
          'possible',
          offers.map((offer) => offerText(offer, nowMs)),
          to,
        )
      : []),
  ];
};

/** Whether its deadline may not hold, or has not held. */
export const isDoubtful = ({ outlook, forecast, endedAt = null }: Forecasted): boolean => {
  const { deadline } = outlook ?? forecast;
  return endedAt === null && deadline !== 'none' && deadline !== 'feasible';
};

/** By the reader's clock: "by 13:55:00 with priority high". */
const offerText = ({ finish, words, change }: Run['forecast']['offers'][number], nowMs: number): string =>
  change.kind === 'deadline'
    ? `by ${clock(change.deadlineAt, nowMs)} ${words}`
    : `by ${clock(finish.p90, nowMs)} ${words}`;

const fact = (
  name: string,
  texts: readonly string[],
  { colours, width }: Terminal,
  paint = (text: string) => text,
): string[] =>
  texts.flatMap((text, index) =>
    wrap(text, width - 14, '', '').map(
      (part, row) => `  ${colours.dim((index + row === 0 ? name : '').padEnd(10))}  ${paint(part)}`,
    ),
  );
