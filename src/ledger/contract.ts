import type {
  Act,
  ActAnswer,
  AdvanceAnswer,
  AdvanceRequest,
  Blocker,
  Features,
  Forecast,
  HeartbeatAnswer,
  HeartbeatRequest,
  JsonValue,
  LeaseId,
  Node,
  NodeId,
  NodeLoad,
  NodeState,
  Observation,
  Outcome,
  Pause,
  PauseScope,
  Pipeline,
  PipelineSignals,
  Pool,
  PriorityClass,
  RegisterAnswer,
  RegisterRequest,
  ResourceRequest,
  Resources,
  RunEnd,
  RunForecast,
  RunId,
  RunOrder,
  RunSpec,
  RunStatus,
  TaskError,
  TaskKey,
  TaskOrder,
  Usage,
  Verdict,
} from '../domain/index.js';
import type { ForecasterCounts } from '../forecast/index.js';
import type { Lever, RecordedChanges, RecordedCycle } from '../planner/index.js';

/** A run as it is listed. */
export interface RunRecord {
  readonly runId: RunId;
  readonly pipeline: string;
  readonly tenant: string;
  readonly priorityClass: PriorityClass;
  readonly status: RunStatus;
  readonly paused: boolean;
  readonly deadlineAtMs: number | null;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  readonly error: TaskError | null;
  /** What was forecast when the run was submitted. */
  readonly forecast: RunForecast;
  /** How it stands with its deadline, as of its `atMs`; null without one. */
  readonly outlook: (RunForecast & { readonly atMs: number; readonly raisedTo: PriorityClass | null }) | null;
}

/** A run with what it was started with and all its attempts so far. */
export interface RunDetail extends RunRecord {
  readonly spec: RunSpec;
  /** One entry per task, in order of arrival: its newest attempt. Tasks that were never ready are not in it. */
  readonly tasks: readonly TaskRecord[];
}

/** The states of one attempt in the ledger. `withdrawn`: its run no longer wants it. `revoked`: its lease is gone. */
export const ATTEMPT_STATES = [
  'waiting',
  'running',
  'revoked',
  'succeeded',
  'failed',
  'preempted',
  'cancelled',
  'lost',
  'reused',
  'rejected',
  'withdrawn',
] as const;
export type AttemptState = (typeof ATTEMPT_STATES)[number];

/** One attempt of a task. */
export interface TaskRecord {
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly state: AttemptState;
  readonly request: ResourceRequest;
  readonly forecast: Forecast;
  readonly verdict: Verdict;
  /** The queue it was sent to and the node that has it, once granted (and, for bare slots, bound). */
  readonly taskQueue: string | null;
  readonly nodeId: NodeId | null;
  readonly leaseId: LeaseId | null;
  readonly readyAtMs: number;
  readonly grantedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** From ready to granted, or until now. */
  readonly waitedSeconds: number;
  /** From its start (or grant) to its end, or until now; null before the grant. */
  readonly ranSeconds: number | null;
  /** 0..1 where the task reports it. */
  readonly progress: number | null;
  /** Work of its attempts so far that had to be done again. */
  readonly lostSeconds: number;
  /** Of a running attempt: what it would lose if it ended now; null else. */
  readonly unsaved: Unsaved | null;
  readonly outputs: Readonly<Record<string, JsonValue>>;
  readonly error: TaskError | null;
  readonly usage: Usage | null;
}

/** Work of a running attempt that no checkpoint keeps. */
export interface Unsaved {
  readonly seconds: number;
  /** When the newest work was done that is kept; null where nothing is: all since its start would be lost. */
  readonly checkpointAtMs: number | null;
}

/** A node as registered, with what of it is taken. */
export interface NodeRecord extends Node {
  /** Who has it take no new work, where a person does. */
  readonly drained: (Act & { readonly atMs: number }) | null;
  readonly registeredAtMs: number;
  readonly lastSeenAtMs: number;
  /** How busy its machine is, as it last said; null where it never did. */
  readonly load: NodeLoad | null;
  /** Held by leases that are bound to it, revoked ones included until their process has ended. */
  readonly used: Resources;
  readonly leases: readonly NodeLease[];
}

/** What holds a part of a node. */
export interface NodeLease {
  readonly leaseId: LeaseId;
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly devices: readonly number[];
  readonly state: 'held' | 'preempting' | 'revoked';
}

/** One pool at a glance. */
export interface PoolRecord {
  readonly pool: Pool;
  /** How many nodes are in which state. */
  readonly nodes: Readonly<Record<NodeState, number>>;
  /** Tasks that wait, and leases that are not free yet. */
  readonly waiting: number;
  readonly running: number;
  /** Why nothing new starts here; empty where it may. */
  readonly pauses: readonly Pause[];
}

/** Which signal goes to which workflow. */
export type OutgoingSignal = {
  [Name in keyof PipelineSignals]: {
    readonly workflowId: string;
    readonly name: Name;
    readonly payload: PipelineSignals[Name];
  };
}[keyof PipelineSignals];

interface OutboxBase {
  readonly id: number;
  /** How often it was claimed before. */
  readonly tries: number;
}
/** Start the run's root workflow (id = the run's id); "already started" is success. */
export interface StartRunItem extends OutboxBase {
  readonly kind: 'start-run';
  readonly spec: RunSpec;
}
/** Send a signal; "no such workflow" is success, for then nobody waits for it. */
export type SignalItem = OutboxBase & { readonly kind: 'signal' } & OutgoingSignal;
/** An effect that a transaction ordered: delivered at least once, in order per workflow as far as possible. */
export type OutboxItem = StartRunItem | SignalItem;

/** Why a task is where it is, for people. */
export interface Explanation {
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly state: AttemptState;
  /** One sentence on how it stands now. */
  readonly now: string;
  readonly blockers: readonly Blocker[];
  readonly position: number | null;
  readonly etaP50Ms: number | null;
  readonly etaP90Ms: number | null;
  /** Until when the policy's windows and holds hold it at most; null where they do not, or without an end. */
  readonly heldUntilMs: number | null;
  /** Of a running attempt that was asked to make room: for whom, and since when. */
  readonly givesWay: { readonly to: string; readonly sinceMs: number } | null;
  /** What would make it start sooner: of the task that was asked about, or of the run's first that waits. */
  readonly levers: readonly Lever[];
  readonly forecast: Forecast;
  /** What was decided of it, oldest first. */
  readonly past: readonly PastDecision[];
}

/** One recorded decision, as a sentence with what it was made from. */
export interface PastDecision {
  readonly number: number;
  readonly atMs: number;
  readonly kind: string;
  readonly attempt: number;
  readonly sentence: string;
  readonly policyVersion: string;
}

/** What somebody did to a run or to what it needs; `taskKey` is null where it was not about one task. */
export interface PastAct {
  readonly number: number;
  readonly atMs: number;
  readonly taskKey: TaskKey | null;
  readonly sentence: string;
}

/** A run that has not ended, for comparison with Temporal's open workflows. */
export interface OpenRun {
  readonly runId: RunId;
  readonly createdAtMs: number;
  /** Its start is still in the outbox, so that Temporal may not know it yet. */
  readonly startPending: boolean;
  /** The workflows that hold or await something for it, with their newest known execution. */
  readonly workflows: readonly { readonly workflowId: string; readonly executionId: string }[];
}

/** Which runs to list, newest first; `before` is the id of the last run of the page before. */
export interface RunFilter {
  readonly status?: RunStatus;
  readonly pipeline?: string;
  /** Only runs that have ended. */
  readonly ended?: boolean;
  /** Only runs submitted from then on. */
  readonly sinceMs?: number;
  readonly limit: number;
  readonly before?: RunId;
}

/** Which ended runs to look back on, newest first; `before` as for a list of runs. */
export interface HistoryFilter {
  readonly sinceMs: number;
  readonly limit: number;
  readonly before?: RunId;
}

/** A run that has ended, with what a replay of it needs. */
export interface PastRun extends RunRecord {
  readonly pipelineDocument: Pipeline;
  /** In order of arrival. */
  readonly attempts: readonly PastAttempt[];
}

/** An attempt that held hardware, and how it ended. */
export interface PastAttempt {
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly request: ResourceRequest;
  readonly features: Features;
  readonly readyAtMs: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** Which settled attempts to list, newest first; `task` is its name in the pipeline, without a fan-out's index. */
export interface SettledFilter {
  readonly pipeline?: string;
  readonly task?: string;
  readonly limit: number;
}

/** How an attempt ended, beside the forecast that it was placed by and what it had asked for. */
export interface SettledAttempt extends Observation {
  readonly runId: RunId;
  readonly taskKey: TaskKey;
  readonly attempt: number;
  readonly request: ResourceRequest;
  readonly forecast: Forecast;
  /** Work since its last checkpoint that a later attempt has to do again; null where there is none. */
  readonly lostSeconds: number | null;
}

/** What the forecaster of this process has learned; the version is the one that new forecasts are frozen with. */
export interface ForecasterStatus extends ForecasterCounts {
  readonly version: string;
}

/** What work should arrive at a pool, from what has arrived in the latest eight weeks. */
export interface PoolDemand {
  readonly pool: Pool;
  /** Whole hours that it was learned from. */
  readonly hoursLearned: number;
  /** The rest of this hour, then whole hours; empty where no whole hour is known. */
  readonly coming: readonly HourOfDemand[];
}

/** Work in device-seconds (gpu), core-seconds (cpu) or slot-seconds (io), with its 90% interval. */
export interface HourOfDemand {
  readonly fromMs: number;
  readonly toMs: number;
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

/** A policy that is or was in force, with who last brought it into force, why and when. */
export interface PolicyRecord {
  readonly version: string;
  readonly name: string;
  readonly active: boolean;
  readonly by: string;
  readonly reason: string;
  /** `start`: nothing was in force when the ledger was opened. */
  readonly kind: 'start' | 'activate' | 'rollback';
  readonly activatedAtMs: number;
}

/** A stored policy with its document as it was written. */
export interface PolicyDetail extends PolicyRecord {
  readonly text: string;
}

/** Who changes the policy in force, and why. */
export interface PolicyAct extends Act {
  /** The version that must be in force for it, so that nobody's change is overwritten unseen. */
  readonly expect?: string;
}

/** What is in force now, and what was until then; the same where it was in force already, and nothing was changed. */
export interface ActivatedPolicy {
  readonly version: string;
  readonly replaced: string | null;
  readonly changed: boolean;
}

/** From and until when, both included. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** One process's record of its planner cycles, as far as a time range goes. */
export interface Recording {
  readonly writer: string;
  /** The part from which on all must be read to know what the range's first cycle was planned on, and its last cycle's part. */
  readonly base: number;
  readonly last: number;
  /** Cycles within the range. */
  readonly cycles: number;
  /** The policy that all of it was planned by. */
  readonly policyVersion: string;
}

/** Which parts of a recording to read. */
export interface RecordingPage {
  readonly writer: string;
  readonly from: number;
  readonly limit: number;
}

/** A part of a recording: of the snapshot that it begins with, or a cycle with its number in the ordered log. */
export type RecordedPart =
  | (RecordedChanges & { readonly policyVersion: string; readonly plan: null })
  | (RecordedCycle & { readonly number: number });

/** What tenants spend, use and hold. Days and months are those of UTC; money counts in the period in which its work began. */
export interface UsageReport {
  readonly atMs: number;
  /** By name. */
  readonly tenants: readonly TenantUsage[];
  /** All tenants together, against the policy's breaker. */
  readonly breaker: { readonly hour: BreakerUsage; readonly day: BreakerUsage };
}

/** What one tenant spends, uses and holds, beside what the policy gives it. */
export interface TenantUsage {
  readonly tenant: string;
  readonly day: PeriodUsage;
  readonly month: PeriodUsage;
  /** What becomes of work over its budget; null where it has none. */
  readonly exhausted: 'defer' | 'reject' | null;
  /** What of the hardware that all have used of late it has used, 0..1. */
  readonly share: number;
  readonly weight: number;
  readonly held: Resources;
  readonly quota: { readonly [Kind in 'devices' | 'cores' | 'slots']?: number | undefined } | null;
}

/** Money of one period: what has ended, what running work is expected to cost (P90), and what of both goes beyond that. */
export interface PeriodUsage {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly spentMicroUsd: number;
  readonly reservedMicroUsd: number;
  readonly overrunMicroUsd: number;
  readonly budgetMicroUsd: number | null;
}

/** The same of all tenants, and whether the breaker is open until the period ends. */
export interface BreakerUsage extends Omit<PeriodUsage, 'budgetMicroUsd'> {
  readonly limitMicroUsd: number | null;
  readonly isOpen: boolean;
}

/** One line of the ordered log, with its sentence for people. */
export interface EventRecord {
  readonly number: number;
  readonly atMs: number;
  readonly kind: string;
  readonly runId: RunId | null;
  readonly taskKey: TaskKey | null;
  readonly attempt: number | null;
  readonly nodeId: NodeId | null;
  readonly policyVersion: string;
  /** What it was decided from, or what changed: forecast, blockers and so on, by kind. */
  readonly detail: Readonly<Record<string, unknown>>;
  readonly sentence: string;
}

/** Which events: those after a number, oldest first, or (`last`) the newest so many. */
export interface EventFilter {
  readonly after?: number;
  readonly last?: number;
  readonly runId?: RunId;
  readonly kind?: string;
  readonly limit: number;
}

/** Events in their order, and the number to read on after. */
export interface EventPage {
  readonly events: readonly EventRecord[];
  readonly next: number;
}

/** A run as accepted; `created` is false where the idempotency key had been used for the same request. */
export interface CreatedRun {
  readonly run: RunRecord;
  readonly created: boolean;
  readonly forecast: RunForecast;
}

/**
 * The store of facts, and the only place where capacity is given away. Each call is one transaction, shared with the
 * calls that arrive with it; effects go out by outbox. Errors are `SignalboxError`s of the catalogue.
 */
export interface Ledger {
  /** One turn of a run; idempotent per task and attempt. Throws `stale-execution` when a newer execution took over. */
  advance(request: AdvanceRequest): Promise<AdvanceAnswer>;

  /** Accepts a run and orders its start. Throws `idempotency-conflict`, `never-fits`, `queue-full` and `budget-exhausted`. */
  createRun(spec: RunSpec, options?: { readonly idempotencyKey?: string }): Promise<CreatedRun>;
  /** What `createRun` would forecast, nothing stored. Throws `never-fits`. */
  forecastRun(spec: RunSpec): Promise<RunForecast>;
  getRun(runId: RunId): Promise<RunDetail | null>;
  listRuns(filter: RunFilter): Promise<readonly RunRecord[]>;
  /** A person acts on a run. Throws `not-found`, `run-over`, and `invalid-request` for a deadline that has passed. */
  actOnRun(runId: RunId, order: RunOrder, act: Act): Promise<ActAnswer>;
  /** A person acts on a task of a run, or an item of its fan-out. Throws `not-found`, `run-over`, and `never-fits` for a pin. */
  actOnTask(runId: RunId, key: TaskKey, order: TaskOrder, act: Act): Promise<ActAnswer>;
  /** Why each task of a run (or one of them, all its attempts) is where it is. Throws `not-found`. */
  explain(runId: RunId, taskKey?: TaskKey): Promise<readonly Explanation[]>;
  /** What people have done to a run (or one of its tasks), and to its pools and nodes while it was open. */
  listActs(runId: RunId, taskKey?: TaskKey): Promise<readonly PastAct[]>;

  /** Settled attempts with their forecasts, newest first: what forecasts were worth, and what tasks use. */
  listSettled(filter: SettledFilter): Promise<readonly SettledAttempt[]>;

  /** Runs that have ended with all their attempts, newest first: what to try policies on. */
  listHistory(filter: HistoryFilter): Promise<readonly PastRun[]>;

  /** What was decided and what happened, in one order. Who has read up to a number has seen all before it. */
  listEvents(filter: EventFilter): Promise<EventPage>;
  /** Called after each commit (of any process) that wrote events, perhaps once too often. Returns the unsubscriber. */
  onEvents(listener: () => void): () => void;

  /** Recordings of planner cycles within a time range, by any process. */
  listRecordings(range: TimeRange): Promise<readonly Recording[]>;
  /** Parts of a recording in their order, fewer than the limit where they are large; empty after its last. */
  readRecording(page: RecordingPage): Promise<readonly RecordedPart[]>;

  /** What forecasts have been learned from, everything stored so far included. */
  forecasterStatus(): Promise<ForecasterStatus>;
  /** The work that should arrive at each of the pools in the coming hours (at least one). */
  forecastDemand(pools: readonly Pool[], hours: number): Promise<readonly PoolDemand[]>;

  /** A person pauses a pool or everything, for so long or until somebody resumes it: what runs goes on, nothing new starts. */
  pause(scope: PauseScope, act: Act, forMs: number | null): Promise<ActAnswer>;
  resume(scope: PauseScope, act: Act): Promise<ActAnswer>;
  listPools(): Promise<readonly PoolRecord[]>;
  /** A person has a node take no new work, or lets it again. Throws `not-found`. */
  drainNode(nodeId: NodeId, act: Act): Promise<ActAnswer>;
  undrainNode(nodeId: NodeId, act: Act): Promise<ActAnswer>;
  /** The stored policies; the one that last came into force is first. */
  listPolicies(): Promise<readonly PolicyRecord[]>;
  /** A stored policy by its version or its name, or the one in force. Throws `not-found`. */
  getPolicy(versionOrName?: string): Promise<PolicyDetail>;
  /** Checks whether a document could be activated; gives its version. Throws `invalid-document` with every mistake. */
  checkPolicy(text: string): { readonly name: string; readonly version: string };
  /**
   * Stores a document and brings it into force: every process decides by it from its next cycle on. Nothing changes where it is in
   * force already. Throws `invalid-document` with every mistake, and `policy-changed`.
   */
  activatePolicy(text: string, act: PolicyAct): Promise<ActivatedPolicy>;
  /** Goes back to the policy before, again further back, or to a stored one. Throws `no-earlier-policy`, `not-found`, `policy-changed`. */
  rollbackPolicy(act: PolicyAct, to?: string): Promise<ActivatedPolicy>;
  /** What one tenant or all of them spend, use and hold. Throws `not-found`. */
  usage(tenant?: string): Promise<UsageReport>;

  /** A node's worker presents itself. Throws `node-taken` while another holder of the name lives. */
  registerNode(request: RegisterRequest): Promise<RegisterAnswer>;
  heartbeat(request: HeartbeatRequest): Promise<HeartbeatAnswer>;
  listNodes(filter?: { readonly pool?: Pool }): Promise<readonly NodeRecord[]>;
  /**
   * Marks overdue nodes lost, revokes their leases, and frees them once their self-fence deadline has passed; then compares open
   * runs with their deadlines. Call it every heartbeat interval.
   */
  sweepNodes(): Promise<void>;

  /** Takes items for delivery; those neither completed nor retried come again after a minute. */
  claimOutbox(limit: number): Promise<readonly OutboxItem[]>;
  completeOutbox(ids: readonly number[]): Promise<void>;
  /** Gives an item back after a failed delivery; it comes again after a growing pause. */
  retryOutbox(id: number, error: string): Promise<void>;
  /** Called after each commit (of any process) that put something into the outbox. Returns the unsubscriber. */
  onOutbox(listener: () => void): () => void;

  /** Runs that have not ended, for the reconciler: all, or those to which one of these workflows belongs. */
  openRuns(workflowIds?: readonly string[]): Promise<readonly OpenRun[]>;
  /** Settles a run whose workflow ended without its last turn: waiting tasks are withdrawn, leases revoked. */
  closeRun(runId: RunId, end: RunEnd): Promise<void>;
  /** Gives up what a child workflow that has ended still holds or awaits. */
  closeWorkflow(runId: RunId, workflowId: string): Promise<void>;

  /** Answers when the database does; throws `ledger-unavailable`. */
  ping(): Promise<void>;
  /** Finishes what is under way and closes the database. */
  close(): Promise<void>;
}
