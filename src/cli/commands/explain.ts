import type { Explanation } from '../../api/client/index.js';
import { REASONS } from '../../domain/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { clock, clockRange, count, durationRange } from '../output/format.js';
import { note, printJson, type Terminal, terminal } from '../output/terminal.js';

/** `signalbox explain RUN [TASK]`: why each task is where it is, in sentences. */
export const explain = async (id: string, task: string | undefined, options: ApiOptions): Promise<void> => {
  const found = await openClient(options).explain(id, task);
  if (options.json) return printJson(found);
  if (found.explanations.length === 0) return note('Nothing has been decided yet: no task is ready.');
  const to = terminal();
  const paragraphs = found.explanations.map((each) => explainLines(each, to, Date.now()).join('\n'));
  to.print(paragraphs.join('\n\n'));
};

const explainLines = (found: Explanation, { colours }: Terminal, nowMs: number): string[] => {
  const attempt = found.attempt > 1 ? ` (attempt ${found.attempt})` : '';
  return [
    `${colours.bold(found.task)}${attempt}: ${found.now}`,
    ...(found.wait?.blockers ?? []).map(
      ({ code, detail }) => `  - ${REASONS[code]}${detail ? `: ${detail}` : ''}`,
    ),
    ...etaLines(found, nowMs),
    `  ${forecastSentence(found)}`,
    ...found.past.map(({ at, sentence }) => `  ${colours.dim(clock(at, nowMs))}  ${sentence}`),
  ];
};

const etaLines = ({ wait }: Explanation, nowMs: number): string[] => {
  if (!wait?.eta) return [];
  const place = wait.position === null ? '' : `Place ${wait.position} in the queue; `;
  const sentence = `${place}should start ${clockRange(wait.eta.p50, wait.eta.p90, nowMs)}.`;
  return [`  ${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`];
};

const forecastSentence = ({ forecast }: Explanation): string => {
  const from =
    forecast.observations > 0
      ? `${forecast.model} of ${count(forecast.observations, 'earlier attempt')}`
      : forecast.model === 'estimate'
        ? "the document's own estimate"
        : "the policy's prior: nothing like it has run yet";
  return `Forecast to run ${durationRange(forecast.p50Seconds, forecast.p90Seconds)} (P50–P90, ${from}).`;
};
