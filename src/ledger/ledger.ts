import type { HeartbeatAnswer, HeartbeatRequest, Pool } from '../domain/index.js';
import { createForecaster } from '../forecast/index.js';
import { type Policy, readPolicy } from '../planner/index.js';
import { advance } from './commands/advance.js';
import { createRun, forecastOnly } from './commands/create-run.js';
import { drainNode, undrainNode } from './commands/node-acts.js';
import { answerTo, hasNews, keyHashOf, registerNode, takeHeartbeat } from './commands/nodes.js';
import { pause, resume } from './commands/pauses.js';
import { activate, begin, rollBack, type WrittenPolicy } from './commands/policies.js';
import { actOnRun } from './commands/run-acts.js';
import { closeRun, closeWorkflow } from './commands/runs.js';
import { actOnTask } from './commands/task-acts.js';
import { admitAnew } from './commands/terms.js';
import { readUsage } from './commands/usage.js';
import type { ActivatedPolicy, Ledger } from './contract.js';
import { type Database, openDatabase, unavailable } from './database/database.js';
import { DeadlineWatcher } from './deadlines.js';
import { AUDIT_DAYS, Forgetting } from './forget.js';
import { Learning } from './learning.js';
import { claimOutbox, completeOutbox, retryOutbox } from './outbox.js';
import { listActs } from './queries/acts.js';
import { listRecordings, readRecording } from './queries/cycles.js';
import { forecastDemand } from './queries/demand.js';
import { listEvents } from './queries/events.js';
import { askPlanner, explain } from './queries/explain.js';
import { listHistory } from './queries/history.js';
import { listNodes } from './queries/nodes.js';
import { getPolicy, listPolicies } from './queries/policies.js';
import { listPools } from './queries/pools.js';
import { getRun, listRuns, openRuns } from './queries/runs.js';
import { listSettled } from './queries/settled.js';
import type { LedgerLog, LedgerSettings } from './settings.js';
import { type Command, GroupCommit } from './state/group-commit.js';
import { loadImage } from './state/sync.js';
import { Sweeper } from './sweep.js';

const SILENT: LedgerLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Opens the store, brings its tables up to date and loads the hot state. Throws `ledger-unavailable`. */
export const openLedger = async (settings: LedgerSettings): Promise<Ledger> => {
  const { url, log = SILENT, clock = Date.now, monotonic = () => performance.now() } = settings;
  const first = readLive(settings.policy);
  const database = await openDatabase(url, log);
  const forecaster = createForecaster({
    prior: (pool) => commits.policy.pools[pool as Pool].prior,
    get expectedLoss() {
      return commits.policy.size?.expectedLoss ?? false;
    },
  });
  const learning = new Learning(database, forecaster, log);
  const image = await loadImage(database, first.policy);
  await learning.catchUp();
  const commits: GroupCommit = new GroupCommit(
    {
      database,
      surroundings: {
        get policy() {
          return commits.policy;
        },
        forecaster,
      },
      clock,
      log,
      settleAnew: admitAnew(),
      onCommitted: (draft) => learning.learn(draft.added('observations')),
      onOvertaken: () => learning.fallBehind(),
    },
    image,
  );
  await commits.run(begin(first));
  await tellOfAnother(database, first.policy, log);
  const forgetting = new Forgetting(database, settings.auditDays ?? AUDIT_DAYS, monotonic);
  const sweeper = new Sweeper(database, commits, monotonic);
  /** A batch more, under what has come into force: what waits need not wait for the next call. */
  const inForce = async (activated: ActivatedPolicy): Promise<ActivatedPolicy> => {
    await commits
      .run(NOTHING)
      .catch((err) => log.warn({ err }, 'the policy takes effect with the next call'));
    return activated;
  };
  const deadlines = new DeadlineWatcher(commits, monotonic);
  const listeners = { outbox: new Set<() => void>(), events: new Set<() => void>() };
  const stopListening = await database.listen((news) => {
    if (news === 'outbox') for (const listener of listeners.outbox) listener();
    for (const listener of listeners.events) listener();
  });

  return {
    advance: (request) => commits.run(advance(request)),
    createRun: (spec, { idempotencyKey } = {}) => commits.run(createRun(spec, idempotencyKey ?? null)),
    forecastRun: (spec) => commits.run(forecastOnly(spec)),
    getRun: (runId) => answered(getRun(database, runId, clock())),
    listRuns: (filter) => answered(listRuns(database, filter)),
    actOnRun: (runId, order, act) => commits.run(actOnRun(runId, order, act)),
    actOnTask: (runId, key, order, act) => commits.run(actOnTask(runId, key, order, act)),
    explain: async (runId, taskKey) =>
      answered(explain(database, await commits.run(askPlanner(runId, taskKey)), { runId, taskKey }, clock())),
    listActs: (runId, taskKey) => answered(listActs(database, runId, taskKey)),
    listSettled: (filter) => answered(listSettled(database, filter)),
    listHistory: (filter) => answered(listHistory(database, filter)),
    listRecordings: (range) => answered(listRecordings(database, range)),
    readRecording: (page) => answered(readRecording(database, page)),
    async forecasterStatus() {
      await answered(learning.catchUp());
      return { version: forecaster.version, ...forecaster.counts };
    },
    forecastDemand: (pools, hours) => answered(forecastDemand(database, pools, hours, clock())),
    pause: (scope, act, forMs) => commits.run(pause(scope, act, forMs)),
    resume: (scope, act) => commits.run(resume(scope, act)),
    drainNode: (nodeId, act) => commits.run(drainNode(nodeId, act)),
    undrainNode: (nodeId, act) => commits.run(undrainNode(nodeId, act)),
    listPools: () => commits.run(listPools()),
    listPolicies: () => answered(listPolicies(database)),
    getPolicy: (versionOrName) => answered(getPolicy(database, versionOrName)),
    checkPolicy: (text) => readLive(text).policy,
    async activatePolicy(text, act) {
      return inForce(await commits.run(activate(readLive(text), act)));
    },
    async rollbackPolicy(act, to) {
      return inForce(await commits.run(rollBack(to, act, (text) => readLive(text).policy)));
    },
    usage: (tenant) => commits.run(readUsage(tenant)),
    registerNode: (request) => commits.run(registerNode(request)),
    heartbeat: (request) => answered(heartbeat(database, commits, request, clock())),
    listNodes: (filter) => answered(listNodes(database, filter?.pool)),
    async sweepNodes() {
      await answered(sweeper.sweep());
      await answered(deadlines.look());
      await answered(forgetting.turn(clock()));
    },
    claimOutbox: (limit) => answered(claimOutbox(database, limit, clock())),
    completeOutbox: (ids) => answered(completeOutbox(database, ids)),
    retryOutbox: (id, error) => answered(retryOutbox(database, id, error, clock())),
    onOutbox(listener) {
      listeners.outbox.add(listener);
      return () => void listeners.outbox.delete(listener);
    },
    listEvents: (filter) => answered(listEvents(database, filter)),
    onEvents(listener) {
      listeners.events.add(listener);
      return () => void listeners.events.delete(listener);
    },
    openRuns: (workflowIds) => answered(openRuns(database, workflowIds)),
    closeRun: (runId, end) => commits.run(closeRun(runId, end)),
    closeWorkflow: (runId, workflowId) => commits.run(closeWorkflow(runId, workflowId)),
    ping: async () => void (await answered(database.headVersion())),
    async close() {
      await commits.idle();
      await stopListening();
      await database.close();
    },
  };
};

const NOTHING: Command<void> = { apply: () => () => undefined };

/** Reads a policy that is to come into force. Throws `invalid-document` with every mistake. */
const readLive = (text: string): WrittenPolicy => {
  const policy = readPolicy(text);
  return { policy, text };
};

/** A restart undoes no activation: whoever expects that hears of it. */
const tellOfAnother = async (database: Database, first: Policy, log: LedgerLog): Promise<void> => {
  const { version, text, by } = await getPolicy(database, undefined);
  if (readPolicy(text).version === first.version) return;
  log.warn(
    { inForce: version, activatedBy: by, configured: first.version },
    `The policy in force is ${version}, not the configured ${first.version}: \`signalbox policy activate\` changes it`,
  );
};

/** A query whose failure is the database's. */
const answered = async <Answer>(query: Promise<Answer>): Promise<Answer> => {
  try {
    return await query;
  } catch (cause) {
    throw unavailable(cause);
  }
};

/**
 * Counts the heartbeat without the planner's lock. Only one with news, or one after which others have written, goes through a
 * batch: a lease that this process has never heard of may have been granted by another a moment ago.
 */
const heartbeat = async (
  database: Database,
  commits: GroupCommit,
  request: HeartbeatRequest,
  atMs: number,
): Promise<HeartbeatAnswer> => {
  const { nodeId, incarnation, nodeKey, running, load = null } = request;
  const version = await database.beat({
    nodeId,
    incarnation,
    keyHash: keyHashOf(nodeKey),
    atMs,
    load,
    progress: running,
  });
  const image = commits.settledImage;
  if (image === null || image.head.version !== version || hasNews(image, request)) {
    return commits.run(takeHeartbeat(request));
  }
  return answerTo(image, request);
};
