import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { SignalboxError } from '../../domain/index.js';
import {
  isIn,
  Mistakes,
  type PolicyReport,
  queueSvg,
  queueText,
  reportOf,
  type SimulationResult,
  simulate as simulateOne,
  type Window,
} from '../../simulator/index.js';
import { openClient } from '../address.js';
import { invalidOption } from '../invalid-option.js';
import { duration } from '../output/format.js';
import { showProgress } from '../output/progress.js';
import { note, printJson, terminal } from '../output/terminal.js';
import { historyScenario } from '../simulate/history.js';
import { assumptions, type SimulateOptions, type Source, sourceOf, windowOf } from '../simulate/options.js';
import { type Candidate, checkMatches, loadCandidates } from '../simulate/policies.js';
import { jobScenario, type Scenario, workflowScenario } from '../simulate/source.js';
import { sideBySide } from '../simulate/table.js';

/** One policy's measures with the queue that they came from. */
interface Tried {
  readonly report: PolicyReport;
  readonly result: SimulationResult;
}

/** `signalbox simulate`: what policies would have made of a trace, of workflows, or of our own recorded history. */
export const simulate = async (options: SimulateOptions): Promise<void> => {
  const mistakes = new Mistakes();
  const source = sourceOf(options);
  const candidates = await loadCandidates(options.policy ?? ['default'], options.preemption, mistakes);
  const scenario =
    source.kind === 'last'
      ? await recentScenario(source.seconds, candidates, options, mistakes)
      : await traceScenario(source, options, mistakes);
  if (mistakes.count === 0) checkMatches(candidates, scenario.workload, mistakes);
  mistakes.check();
  const window = windowOf(options, scenario.zeroMs);
  if (!scenario.workload.runs.some(({ submitAtMs }) => isIn(window, submitAtMs)))
    throw invalidOption('No job is submitted between --measure-from and --measure-to.');
  const tried = candidates.map((candidate) => tryOut(candidate, scenario, window, options));
  const recorded = scenario.recorded && {
    report: reportOf(scenario.recorded, 0, window),
    result: scenario.recorded,
  };
  await show(tried, recorded, scenario.title, options);
};

const traceScenario = (
  source: Exclude<Source, { kind: 'last' }>,
  options: SimulateOptions,
  mistakes: Mistakes,
): Promise<Scenario> =>
  source.kind === 'jobs' ? jobScenario(source, options, mistakes) : workflowScenario(source, mistakes);

/** Policies are checked first: nothing is fetched for one that is wrong. */
const recentScenario = (
  seconds: number,
  candidates: readonly Candidate[],
  options: SimulateOptions,
  mistakes: Mistakes,
): Promise<Scenario> => {
  mistakes.check();
  return historyScenario(openClient(options), seconds, Date.now(), candidates[0]?.policy);
};

const tryOut = (
  { policy, label }: Candidate,
  { workload, fleet }: Scenario,
  window: Window,
  options: SimulateOptions,
): Tried => {
  const progress = showProgress(label, workload.runs.length, 'job');
  const beganAtMs = performance.now();
  const result = simulateOne(workload, fleet, policy, {
    ...assumptions(options),
    onProgress: progress.ended,
  });
  const wallSeconds = (performance.now() - beganAtMs) / 1000;
  progress.done();
  const labelled = { ...result, policy: label };
  return { report: reportOf(labelled, wallSeconds, window), result: labelled };
};

const show = async (
  tried: readonly Tried[],
  recorded: Tried | undefined,
  title: string,
  { json, svg }: SimulateOptions,
): Promise<void> => {
  const all = recorded === undefined ? tried : [recorded, ...tried];
  if (svg !== undefined) await writePicture(svg, all, title);
  const policies = tried.map(({ report }) => report);
  if (json) return printJson({ policies, ...(recorded === undefined ? {} : { recorded: recorded.report }) });
  const to = terminal();
  const reports = all.map(({ report }) => report);
  const results = all.map(({ result }) => result);
  for (const line of [...sideBySide(reports, to), '', ...queueText(results, to.width)]) to.print(line);
};

const writePicture = async (file: string, tried: readonly Tried[], title: string): Promise<void> => {
  const drawn = tried.map(({ result, report }) => ({
    ...result,
    note: `queue ${duration(report.queueMeanSeconds)} on average, ${duration(report.queueMaxSeconds)} at the longest`,
  }));
  try {
    await writeFile(file, queueSvg(drawn, `Queue over time: ${basename(title)}`));
  } catch (cause) {
    throw new SignalboxError('invalid-option', `Cannot write ${file}: ${(cause as Error).message}.`, [], {
      cause,
    });
  }
  note(`The picture is in ${file}.`);
};
