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
import { duration } from '../output/format.js';
import { note, printJson, terminal } from '../output/terminal.js';
import { invalidOption } from '../simulate/invalid-option.js';
import { assumptions, type SimulateOptions, type Source, sourceOf, windowOf } from '../simulate/options.js';
import { type Candidate, loadCandidates } from '../simulate/policies.js';
import { showProgress } from '../simulate/progress.js';
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
  const candidates = await loadCandidates(options.policy ?? ['default'], mistakes);
  const scenario = await scenarioOf(source, options, mistakes);
  mistakes.check();
  const window = windowOf(options, scenario.zeroMs);
  if (!scenario.workload.runs.some(({ submitAtMs }) => isIn(window, submitAtMs)))
    throw invalidOption('No job is submitted between --measure-from and --measure-to.');
  const tried = candidates.map((candidate) => tryOut(candidate, scenario, window, options));
  await show(tried, scenario, options);
};

const scenarioOf = async (
  source: Source,
  options: SimulateOptions,
  mistakes: Mistakes,
): Promise<Scenario> => {
  if (source.kind === 'jobs') return jobScenario(source, options, mistakes);
  if (source.kind === 'dags') return workflowScenario(source, mistakes);
  throw invalidOption('--last is not there yet.');
};

const tryOut = (
  { policy, label }: Candidate,
  { workload, fleet }: Scenario,
  window: Window,
  options: SimulateOptions,
): Tried => {
  const progress = showProgress(label, workload.runs.length);
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
  { title }: Scenario,
  { json, svg }: SimulateOptions,
): Promise<void> => {
  const reports = tried.map(({ report }) => report);
  if (svg !== undefined) await writePicture(svg, tried, title);
  if (json) return printJson({ policies: reports });
  const to = terminal();
  for (const line of sideBySide(reports, to)) to.print(line);
  to.print('');
  for (const line of queueText(
    tried.map(({ result }) => result),
    to.width,
  ))
    to.print(line);
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
