import { type EndedAttempt, type EventKind, POOLS, type Pool, type TaskError } from '../../domain/index.js';
import {
  type Breaker,
  type BreakerRules,
  beginRamp,
  CLOSED,
  forgive,
  noteEnd,
  type Policy,
  passTime,
  startsOf,
} from '../../planner/index.js';
import type { BreakerRow, BreakerScope, LeaseRow, TaskRow } from '../rows/index.js';
import type { Draft } from './draft.js';

/** An attempt that ran has ended: the breakers that let it through learn from it. */
export const countEnd = (draft: Draft, task: TaskRow, ended: EndedAttempt): void => {
  const { outcome, error } = ended;
  if (outcome !== 'succeeded' && outcome !== 'failed') return;
  const nodeId = ended.nodeId ?? task.nodeId;
  const of = `${task.runId}/${task.taskKey}`;
  const elsewhere = outcome === 'failed' ? task.suspectNodes.filter((other) => other !== nodeId) : [];
  for (const other of elsewhere) change(draft, `node/${other}`, (breaker) => forgive(breaker, of));
  const pipeline = draft.image.runs.get(task.runId)?.pipeline ?? '';
  for (const scope of scopesOf(task, poolOf(task), nodeId)) {
    if (scope.startsWith('node/') && elsewhere.length > 0) continue;
    const failed = outcome === 'failed' && isToBlame(scope, error);
    change(draft, scope, (breaker, rules) => noteEnd(breaker, { of, pipeline, failed }, rules, draft.atMs));
  }
};

/** A lease was given: what is on trial, or fills up slowly, may give so many fewer. */
export const countStart = (draft: Draft, task: TaskRow, lease: LeaseRow): void => {
  for (const scope of scopesOf(task, lease.pool, lease.nodeId)) countDown(draft, scope);
};

/** Bare slots have turned out to be on a node. */
export const countBound = (draft: Draft, nodeId: string): void => countDown(draft, `node/${nodeId}`);

const countDown = (draft: Draft, scope: BreakerScope): void => {
  const row = draft.image.breakers.get(scope);
  if (row?.startsLeft) draft.put('breakers', { ...row, startsLeft: row.startsLeft - 1 });
};

/** A lease is over: a trial that taught nothing (it was cancelled, gave way, never began) may be made again. */
export const countRelease = (draft: Draft, lease: LeaseRow): void => {
  const task = draft.image.task(lease.runId, lease.taskKey, lease.attempt);
  for (const scope of scopesOf(task, lease.pool, lease.nodeId)) {
    const row = draft.image.breakers.get(scope);
    if (row?.state === 'trial' && row.startsLeft === 0) draft.put('breakers', { ...row, startsLeft: 1 });
  }
};

/** What the passing of time makes of breakers: trials begin, slow starts go on and end. */
export const tendBreakers = (draft: Draft): void => {
  for (const { scope, state } of [...draft.image.breakers.values()]) {
    if (state === 'closed') continue;
    change(draft, scope, (breaker, rules) => passTime(breaker, rules, draft.atMs));
    if (state === 'ramp') refill(draft, scope);
  }
};

/** A pool takes work again after an outage: a few tasks at a time, where the policy wants that. */
export const startSlowly = (draft: Draft, scope: BreakerScope): void => {
  const rules = rulesOf(scope, draft.surroundings.policy);
  const before = draft.image.breakers.get(scope);
  if (rules === null || rules.rampSeconds === 0 || (before && before.state !== 'closed')) return;
  put(draft, scope, beginRamp(rules, draft.atMs), rules);
};

type Change = (breaker: Breaker, rules: BreakerRules) => Breaker;

const change = (draft: Draft, scope: BreakerScope, how: Change): void => {
  const rules = rulesOf(scope, draft.surroundings.policy);
  const row = draft.image.breakers.get(scope);
  if (rules === null) {
    // The policy in force has no such breaker: one that an earlier policy opened holds nobody any more.
    if (row && row.state !== 'closed') put(draft, scope, CLOSED, null);
    return;
  }
  const before: Breaker = row ?? CLOSED;
  const after = how(before, rules);
  if (after !== before)
    put(draft, scope, isNeeded(draft, scope, after) ? after : { ...after, ...CALM }, rules);
};

const CALM = { state: 'closed', trialAtMs: null } as const;

/** The last node of a pool that takes work goes on however much it fails: without it nothing would run at all. */
const isNeeded = (draft: Draft, scope: BreakerScope, { state }: Breaker): boolean => {
  if (state !== 'open' || !scope.startsWith('node/')) return true;
  const own = draft.image.nodes.get(scope.slice('node/'.length));
  return [...draft.image.nodes.values()].some(
    ({ nodeId, pool, state: taking }) =>
      pool === own?.pool &&
      nodeId !== own.nodeId &&
      taking === 'active' &&
      draft.image.breakers.get(`node/${nodeId}`)?.state !== 'open',
  );
};

const put = (draft: Draft, scope: BreakerScope, breaker: Breaker, rules: BreakerRules | null): void => {
  const before = draft.image.breakers.get(scope);
  const row: BreakerRow = { ...breaker, scope, startsLeft: startsLeft(draft, scope, breaker, rules) };
  draft.put('breakers', row);
  if ((before?.state ?? 'closed') !== row.state) announce(draft, row);
};

const refill = (draft: Draft, scope: BreakerScope): void => {
  const row = draft.image.breakers.get(scope);
  const rules = rulesOf(scope, draft.surroundings.policy);
  if (row?.state === 'ramp')
    draft.put('breakers', { ...row, startsLeft: startsLeft(draft, scope, row, rules) });
};

const startsLeft = (
  draft: Draft,
  scope: BreakerScope,
  breaker: Breaker,
  rules: BreakerRules | null,
): number | null => {
  if (rules === null) return null;
  const pool = POOLS.find((name) => scope === `pool/${name}`);
  const size = pool === undefined ? 0 : draft.image.sizeOf(pool);
  return startsOf(breaker, rules, { size, everySeconds: draft.surroundings.policy.heartbeatSeconds });
};

const KINDS: Readonly<Record<Breaker['state'], EventKind>> = {
  open: 'breaker-opened',
  trial: 'breaker-trial',
  ramp: 'breaker-ramp',
  closed: 'breaker-closed',
};

const announce = (draft: Draft, { scope, state, trialAtMs, recent }: BreakerRow): void => {
  const node = draft.image.nodes.get(scope.replace(/^node\//, ''));
  const failed = recent.filter((end) => end.failed).length;
  draft.event({
    kind: KINDS[state],
    nodeId: node?.nodeId ?? null,
    detail: { scope, trialAtMs, failed, of: recent.length },
  });
};

const poolOf = ({ taskQueue, request }: TaskRow): Pool =>
  POOLS.find((pool) => taskQueue === pool || taskQueue?.startsWith(`${pool}@`)) ?? request.pool;

const scopesOf = (task: TaskRow | undefined, pool: Pool, nodeId: string | null): readonly BreakerScope[] => [
  `pool/${pool}`,
  ...(nodeId === null ? [] : [`node/${nodeId}` as const]),
  ...(task?.terms?.placement.endpoints ?? []).map((name) => `endpoint/${name}` as const),
];

/** Failed attempts must come from so many pipelines before a node or a pool is suspected. */
const FROM_PIPELINES = 2;

/** What a policy says of a breaker; null where it has none for such a scope. */
const rulesOf = (scope: BreakerScope, { health, breakers, slowStart }: Policy): BreakerRules | null => {
  if (scope.startsWith('node/')) {
    if (health === undefined) return null;
    const { drainAtFailureShare: failureShare, ofLastAttempts: ofLast, trialAfterSeconds } = health;
    return { failureShare, ofLast, trialAfterSeconds, fromPipelines: FROM_PIPELINES, rampSeconds: 0 };
  }
  const isPool = scope.startsWith('pool/');
  const rules = isPool ? breakers.pool : breakers.endpoint;
  const rampSeconds = isPool ? (slowStart?.seconds ?? 0) : 0;
  const fromPipelines = isPool ? FROM_PIPELINES : 1;
  if (rules === undefined) return rampSeconds > 0 ? { ...NEVER, rampSeconds } : null;
  const { failureShare, ofLastAttempts: ofLast, trialAfterSeconds } = rules;
  return { failureShare, ofLast, trialAfterSeconds, fromPipelines, rampSeconds };
};

/** Opens at nothing: a pool that only starts slowly. */
const NEVER = {
  failureShare: 1,
  ofLast: 1,
  trialAfterSeconds: 1,
  fromPipelines: Number.POSITIVE_INFINITY,
};

/** Failures that are the task's own, wherever it runs. */
const OWN_FAULTS = new Set([
  'timeout',
  'out-of-memory',
  'output-missing',
  'output-invalid',
  'output-too-large',
  'outputs-too-large',
  'expression-failed',
  'run-too-large',
]);
/** Answers that say that a service is not well. */
const SERVICE_FAULT = /^http-(unreachable|interrupted|408|429|5\d\d)$/;

const isToBlame = (scope: BreakerScope, error: TaskError | undefined): boolean => {
  const code = error?.code ?? '';
  if (code.startsWith('http-')) return scope.startsWith('endpoint/') && SERVICE_FAULT.test(code);
  return !OWN_FAULTS.has(code) && error?.final !== true;
};
