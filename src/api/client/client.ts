import { type Pool, SignalboxError } from '../../domain/index.js';
import type {
  ActivatePolicy,
  DemandQuery,
  EventsQuery,
  ListHistory,
  ListRuns,
  ListSettled,
  RecordingQuery,
  RecordingsQuery,
  RollbackPolicy,
  StartRun,
  Who,
} from '../requests.js';
import type {
  Acted,
  ActivatedPolicy,
  Demand,
  DryRun,
  Event,
  EventPage,
  ExplanationList,
  Forecaster,
  HistoryPage,
  NodeList,
  PolicyDetail,
  PolicyList,
  PoolList,
  RecordedParts,
  RecordingList,
  Run,
  RunDetail,
  RunPage,
  SettledList,
  Usage,
} from '../schemas.js';
import { type Following, followEvents } from './event-stream.js';
import { type Call, createTransport, type TransportSettings } from './transport.js';

/** A piece of a log, where to read on, and whether that was all of it. */
export interface LogPiece {
  readonly bytes: Uint8Array;
  readonly attempt: number;
  readonly nextOffset: number;
  readonly complete: boolean;
}

/** Which log of a task, and from where. */
export interface LogRequest {
  readonly stream: 'stdout' | 'stderr';
  readonly offset: number;
  readonly attempt?: number;
}

/** The API as typed calls. Errors are `SignalboxError`s of the catalogue, as the server said them. */
export interface ApiClient {
  /** Starts a run; the same key with the same request gives the same run, and `created` is false. */
  startRun(request: StartRun, idempotencyKey?: string): Promise<{ run: Run; created: boolean }>;
  /** What `startRun` would forecast; nothing is started. */
  forecastRun(request: StartRun): Promise<DryRun>;
  listRuns(query?: ListRuns): Promise<RunPage>;
  getRun(id: string): Promise<RunDetail>;
  explain(id: string, task?: string): Promise<ExplanationList>;
  /** Acts on a run. `who` names who acts and why. */
  act(id: string, act: 'cancel' | 'pause' | 'resume', who?: Who): Promise<Acted>;
  setPriority(id: string, priority: Run['priority'], who?: Who): Promise<Acted>;
  /** From now (`2h`), an RFC 3339 time, or null for none. */
  setDeadline(id: string, deadline: string | null, who?: Who): Promise<Acted>;
  /** Acts on a task of a run, or an item of its fan-out. */
  actOnTask(id: string, task: string, act: 'hold' | 'release' | 'unpin', who?: Who): Promise<Acted>;
  pinTask(id: string, task: string, node: string, who?: Who): Promise<Acted>;
  listPools(): Promise<PoolList>;
  /** Pauses a pool, or everything: until somebody resumes it, or for so long (`2h`). */
  pausePool(pool: Pool | null, who?: Who & { readonly for?: string | undefined }): Promise<Acted>;
  resumePool(pool: Pool | null, who?: Who): Promise<Acted>;
  drainNode(node: string, who?: Who): Promise<Acted>;
  undrainNode(node: string, who?: Who): Promise<Acted>;
  readLog(id: string, task: string, request: LogRequest): Promise<LogPiece>;
  listNodes(): Promise<NodeList>;
  /** What one tenant or all of them spend, use and hold. */
  usage(tenant?: string): Promise<Usage>;
  /** Settled attempts beside their forecasts, newest first. */
  listSettled(query?: ListSettled): Promise<SettledList>;
  /** Runs that have ended, with what a replay of them needs, newest first. */
  listHistory(query: ListHistory): Promise<HistoryPage>;
  /** What was decided and what happened, in one order: after a number, or the newest so many. */
  listEvents(query?: EventsQuery): Promise<EventPage>;
  /** The same as it comes; see `followEvents`. */
  followEvents(query: EventsQuery, following: Following): AsyncIterable<Event>;
  /** Recordings of planner cycles within a time range (RFC 3339), with their policies. */
  listRecordings(query: RecordingsQuery): Promise<RecordingList>;
  /** Parts of a recording, from one on; empty after its last. */
  readRecording(writer: string, query?: RecordingQuery): Promise<RecordedParts>;
  /** What the forecaster has learned from, and what it set aside as doubtful. */
  forecaster(): Promise<Forecaster>;
  /** The work that should arrive at one pool or all, in the coming hours. */
  demand(query?: DemandQuery): Promise<Demand>;
  /** The policies that are or were in force, the one that last came into force first. */
  listPolicies(): Promise<PolicyList>;
  /** A stored policy by its version or name, or the one in force. */
  getPolicy(version?: string): Promise<PolicyDetail>;
  activatePolicy(request: ActivatePolicy): Promise<ActivatedPolicy>;
  rollbackPolicy(request: RollbackPolicy): Promise<ActivatedPolicy>;
}

/** A client of the API at an address. */
export const createClient = (settings: TransportSettings): ApiClient => {
  const send = createTransport(settings);
  const json = async <Answer>(call: Call): Promise<Answer> => (await (await send(call)).json()) as Answer;
  const post = (path: string, body: unknown): Promise<Acted> => json({ method: 'POST', path, body });
  const task = (id: string, name: string) => `${run(id)}/tasks/${encodeURIComponent(name)}`;
  const run = (id: string) => `/v1/runs/${encodeURIComponent(id)}`;

  return {
    startRun: async (body, idempotencyKey) => {
      const headers = idempotencyKey ? { 'idempotency-key': idempotencyKey } : {};
      const response = await send({ method: 'POST', path: '/v1/runs', body, headers });
      return { run: (await response.json()) as Run, created: response.status === 201 };
    },
    forecastRun: (body) => json({ method: 'POST', path: '/v1/runs', query: { dryRun: 'true' }, body }),
    listRuns: (query = {}) => json({ path: '/v1/runs', query }),
    getRun: (id) => json({ path: run(id) }),
    explain: (id, task) => json({ path: `${run(id)}/explain`, query: { task } }),
    act: (id, act, who = {}) => post(`${run(id)}/${act}`, who),
    setPriority: (id, priority, who) => post(`${run(id)}/priority`, { priority, ...who }),
    setDeadline: (id, deadline, who) => post(`${run(id)}/deadline`, { deadline, ...who }),
    actOnTask: (id, name, act, who = {}) => post(`${task(id, name)}/${act}`, who),
    pinTask: (id, name, node, who) => post(`${task(id, name)}/pin`, { node, ...who }),
    listPools: () => json({ path: '/v1/pools' }),
    pausePool: (pool, who = {}) => post(`/v1${pool === null ? '' : `/pools/${pool}`}/pause`, who),
    resumePool: (pool, who = {}) => post(`/v1${pool === null ? '' : `/pools/${pool}`}/resume`, who),
    drainNode: (node, who = {}) => post(`/v1/nodes/${encodeURIComponent(node)}/drain`, who),
    undrainNode: (node, who = {}) => post(`/v1/nodes/${encodeURIComponent(node)}/undrain`, who),
    readLog: async (id, task, request) =>
      logPiece(
        await send({ path: `${run(id)}/tasks/${encodeURIComponent(task)}/logs`, query: { ...request } }),
      ),
    listNodes: () => json({ path: '/v1/nodes' }),
    usage: (tenant) => json({ path: '/v1/usage', query: { tenant } }),
    listSettled: (query = {}) => json({ path: '/v1/attempts', query }),
    listHistory: (query) => json({ path: '/v1/history', query }),
    listEvents: (query = {}) => json({ path: '/v1/events', query }),
    followEvents: (query, following) => followEvents(send, query, following),
    listRecordings: (query) => json({ path: '/v1/recordings', query }),
    readRecording: (writer, query = {}) =>
      json({ path: `/v1/recordings/${encodeURIComponent(writer)}`, query }),
    forecaster: () => json({ path: '/v1/forecaster' }),
    demand: (query = {}) => json({ path: '/v1/demand', query }),
    listPolicies: () => json({ path: '/v1/policies' }),
    getPolicy: (version = 'active') => json({ path: `/v1/policies/${encodeURIComponent(version)}` }),
    activatePolicy: (body) => json({ method: 'POST', path: '/v1/policies/activate', body }),
    rollbackPolicy: (body) => json({ method: 'POST', path: '/v1/policies/rollback', body }),
  };
};

const logPiece = async (response: Response): Promise<LogPiece> => ({
  bytes: new Uint8Array(await response.arrayBuffer()),
  attempt: Number(header(response, 'signalbox-attempt')),
  nextOffset: Number(header(response, 'signalbox-next-offset')),
  complete: header(response, 'signalbox-complete') === 'true',
});

const header = (response: Response, name: string): string => {
  const value = response.headers.get(name);
  if (value === null) throw new SignalboxError('internal', `The API's answer lacks the header ${name}.`);
  return value;
};
