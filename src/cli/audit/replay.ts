import type { ApiClient, RecordedParts, RecordingList } from '../../api/client/index.js';
import { SignalboxError } from '../../domain/index.js';
import {
  countDecisions,
  type Difference,
  differencesBetween,
  PLANNER_VERSION,
  type PolicyByVersion,
  type RecordedCycle,
  Replay,
  readPolicy,
} from '../../planner/index.js';

type Recording = RecordingList['recordings'][number];
type Part = RecordedParts['parts'][number];

/** A decision that was recorded one way and is made another way now. */
export interface DifferentDecision extends Difference {
  /** The cycle's number in the ordered log, and when it was planned, by what. */
  readonly cycle: number;
  readonly at: string;
  readonly policyVersion: string;
  readonly plannerVersion: string;
}

/** What planning all cycles of a time range again came to. */
export interface ReplayReport {
  readonly plannerVersion: string;
  cycles: number;
  decisions: number;
  /** Cycles that this version of the planner had recorded: these must be the same. */
  cyclesOfThisVersion: number;
  /** Cycles whose beginning is no longer stored. */
  tooOld: number;
  readonly differences: DifferentDecision[];
}

/** From and until when, and who is told how many cycles are done. */
export interface ReplayOptions {
  readonly fromMs: number;
  readonly toMs: number;
  readonly onCycle: (done: number) => void;
}

/** Plans recorded cycles again, here, with this version's planner. Throws `not-found` where a recording has a gap. */
export const replayRecordings = async (
  client: Pick<ApiClient, 'readRecording'>,
  { recordings, policies }: RecordingList,
  options: ReplayOptions,
): Promise<ReplayReport> => {
  const report: ReplayReport = {
    plannerVersion: PLANNER_VERSION,
    cycles: 0,
    decisions: 0,
    cyclesOfThisVersion: 0,
    tooOld: 0,
    differences: [],
  };
  const policyOf = policyByVersion(policies);
  for (const recording of recordings) await replayOne(client, recording, policyOf, options, report);
  return report;
};

const policyByVersion = (policies: RecordingList['policies']): PolicyByVersion => {
  const read = new Map(policies.map(({ version, text }) => [version, { ...readPolicy(text), version }]));
  return (version) => {
    const policy = read.get(version);
    if (policy !== undefined) return policy;
    throw new SignalboxError('not-found', `The policy ${version} that cycles were planned by is not stored.`);
  };
};

const replayOne = async (
  client: Pick<ApiClient, 'readRecording'>,
  recording: Recording,
  policyOf: PolicyByVersion,
  { fromMs, toMs, onCycle }: ReplayOptions,
  report: ReplayReport,
): Promise<void> => {
  const replay = new Replay(policyOf);
  let firstPart: number | undefined;
  for await (const part of partsOf(client, recording)) {
    firstPart ??= part.sequence;
    replay.apply(part, part.policyVersion);
    if (part.kind === 'snapshot' || part.atMs < fromMs || part.atMs > toMs) continue;
    if (part.base < firstPart) report.tooOld += 1;
    else compare(part, replay.planAgain(part), report);
    onCycle(report.cycles + report.tooOld);
  }
};

const compare = (
  cycle: RecordedCycle & { readonly number: number },
  replayed: string,
  report: ReplayReport,
): void => {
  const { number, atMs, policyVersion, plannerVersion, plan } = cycle;
  report.cycles += 1;
  report.decisions += countDecisions(plan);
  if (plannerVersion === PLANNER_VERSION) report.cyclesOfThisVersion += 1;
  for (const difference of differencesBetween(plan, replayed)) {
    const at = new Date(atMs).toISOString();
    report.differences.push({ cycle: number, at, policyVersion, plannerVersion, ...difference });
  }
};

/** A recording from its base to its last part, page by page. */
async function* partsOf(
  client: Pick<ApiClient, 'readRecording'>,
  { writer, base, last }: Recording,
): AsyncGenerator<Part> {
  let next: number | undefined;
  while (next === undefined || next <= last) {
    const { parts } = await client.readRecording(writer, { from: next ?? base });
    if (parts.length === 0) throw gap(writer, next ?? base);
    for (const part of parts) {
      if (next !== undefined && part.sequence !== next) throw gap(writer, next);
      if (part.sequence > last) return;
      yield part;
      next = part.sequence + 1;
    }
  }
}

const gap = (writer: string, part: number): SignalboxError =>
  new SignalboxError(
    'not-found',
    `Part ${part} of the recording ${writer} is no longer stored: begin at a later time with --from.`,
  );
