import { PLANNER_VERSION } from '../../planner/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { type DifferentDecision, type ReplayReport, replayRecordings } from '../audit/replay.js';
import { EXIT } from '../exit-codes.js';
import { momentOf } from '../moment.js';
import { clock, count } from '../output/format.js';
import { showProgress } from '../output/progress.js';
import { note, printJson, type Terminal, terminal } from '../output/terminal.js';

interface ReplayOptions extends ApiOptions {
  readonly from: string;
  readonly to: string;
}

/**
 * `signalbox audit replay`: plans the recorded cycles of a time range again and compares. A difference under the same version of the
 * planner exits 1; under another it is what the change would have decided.
 */
export const auditReplay = async ({ from, to, ...options }: ReplayOptions): Promise<void> => {
  const nowMs = Date.now();
  const [fromMs, toMs] = [momentOf('--from', from, nowMs), momentOf('--to', to, nowMs)];
  const client = openClient(options);
  const range = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  const found = await client.listRecordings(range);
  const all = found.recordings.reduce((sum, { cycles }) => sum + cycles, 0);
  const progress = showProgress('replaying', all, 'cycle');
  const report = await replayRecordings(client, found, { fromMs, toMs, onCycle: progress.ended }).finally(
    progress.done,
  );
  if (options.json) printJson({ ...range, ...report });
  else tell(report, terminal(), nowMs);
  if (report.differences.some(isWrong)) process.exitCode = EXIT.failed;
};

/** Under the same version nothing may be decided otherwise. */
const isWrong = ({ plannerVersion }: DifferentDecision): boolean => plannerVersion === PLANNER_VERSION;

const tell = (report: ReplayReport, to: Terminal, nowMs: number): void => {
  const { cycles, decisions, cyclesOfThisVersion, tooOld, differences } = report;
  for (const difference of differences) for (const line of linesOf(difference, to, nowMs)) to.print(line);
  const found = `${count(cycles, 'cycle')}, ${count(decisions, 'decision')}, ${count(differences.length, 'difference')}`;
  to.print(`${found}, planned again by planner version ${PLANNER_VERSION}.`);
  const others = cycles - cyclesOfThisVersion;
  if (others > 0)
    to.print(
      `${count(others, 'cycle')} of another version: there the differences are what the change would do.`,
    );
  if (tooOld > 0)
    note(`${count(tooOld, 'cycle')} left out: what they were planned on is no longer stored. Begin later.`);
};

const linesOf = (difference: DifferentDecision, { colours }: Terminal, nowMs: number): readonly string[] => {
  const { cycle, at, plannerVersion, policyVersion, what, id, recorded, replayed } = difference;
  const head = `cycle ${cycle}  ${clock(at, nowMs)}  ${what}${id === '' ? '' : ` ${id}`}`;
  return [
    `${colours.bold(head)}  ${colours.dim(`policy ${policyVersion}, planner version ${plannerVersion}`)}`,
    `  recorded  ${recorded ?? '–'}`,
    `  replayed  ${replayed ?? '–'}`,
  ];
};
