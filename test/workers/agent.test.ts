import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endGroup, type Hold, LeaseRefused, processes } from '../../activities/tasks/index.js';
import { type Lease, leaseId, NOTHING, nodeId } from '../../src/domain/index.js';
import { agentApi, type NodeAgent, startAgent } from '../../workers/agent/index.js';
import { type FakeApi, startFakeApi } from './fake-api.js';

const GIB = 2 ** 30;
const never = new AbortController().signal;

let api: FakeApi;
let folder: string;
let agents: NodeAgent[];
let deaths: string[];
beforeEach(async () => {
  api = await startFakeApi();
  folder = mkdtempSync(join(tmpdir(), 'signalbox-agent-'));
  agents = [];
  deaths = [];
});
afterEach(async () => {
  for (const agent of agents) await agent.close();
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = async (token = 'worker-token'): Promise<NodeAgent> => {
  const agent = await startAgent({
    nodeId: nodeId('node-1'),
    pool: 'gpu',
    capacity: { devices: 2, cores: 4, memoryBytes: 8 * GIB, slots: 0 },
    virtualDevices: true,
    labels: {},
    folder,
    api: agentApi(api.url, token),
    log: pino({ level: 'silent' }),
    onOpen: () => undefined,
    die: (why) => deaths.push(why),
  });
  agents.push(agent);
  return agent;
};

let count = 0;
const aLease = (more: Partial<Lease> = {}): Lease => ({
  id: leaseId(`agent-lease-${process.pid}-${++count}`),
  fencing: count,
  pool: 'gpu',
  nodeId: nodeId('node-1'),
  incarnation: 1,
  devices: [0],
  resources: { ...NOTHING, devices: 1 },
  taskQueue: 'gpu@node-1',
  ...more,
});
const take = (agent: NodeAgent, lease: Lease): Promise<Hold> => agent.take(lease, never);
const wait = { timeout: 10_000 };

/** A process group that stands for a task's, of an earlier worker or of nobody. */
const aGroup = (mark: string): number => {
  const child = spawn('sleep', ['300'], {
    detached: true,
    stdio: 'ignore',
    env: { SIGNALBOX_LEASE: mark, PATH: process.env.PATH },
  });
  child.unref();
  return child.pid as number;
};
const membersOf = (group: number) => processes((process) => process.group === group);

describe('registering', () => {
  it('tells what the node is, with a secret that only its owner can read', async () => {
    await start();
    expect(api.registrations).toMatchObject([
      { nodeId: 'node-1', pool: 'gpu', capacity: { devices: 2 }, virtualDevices: true },
    ]);
    expect(api.registrations[0]?.nodeKey).toBe(readFileSync(join(folder, 'key'), 'utf8'));
    expect(statSync(join(folder, 'key')).mode & 0o777).toBe(0o600);
  });

  it('keeps its secret over a restart', async () => {
    await (await start()).close();
    await start();
    expect(new Set(api.registrations.map(({ nodeKey }) => nodeKey)).size).toBe(1);
  });

  it('waits for an API that is not there yet', async () => {
    api.mode = 'refuse';
    const starting = start();
    setTimeout(() => {
      api.mode = 'answer';
    }, 300);
    await starting;
    expect(api.registrations).toHaveLength(1);
  });

  it('gives up at once when its token is refused', async () => {
    await expect(start('wrong')).rejects.toMatchObject({ code: 'unauthorized' });
    expect(existsSync(join(folder, 'lock'))).toBe(false);
  });

  it('refuses a folder on which another worker lives', async () => {
    await start();
    await expect(start()).rejects.toMatchObject({ code: 'node-folder-taken' });
  });

  it('takes over the lock of a worker that was killed, though another process has its number now', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: process.pid, startedAtMs: 0 }));
    await start();
    expect(api.registrations).toHaveLength(1);
  });
});

describe('heartbeats', () => {
  it('name the running leases with their progress, and the ended ones until an answer has come', async () => {
    const agent = await start();
    const lease = aLease();
    const hold = await take(agent, lease);
    hold.report({ progress: 0.25, memoryBytes: 7, cpuSeconds: 1 });
    await expect
      .poll(() => api.last()?.running, wait)
      .toMatchObject([{ leaseId: lease.id, progress: 0.25, memoryBytes: 7 }]);
    api.mode = 'refuse';
    hold.end();
    api.heartbeats.length = 0;
    api.mode = 'answer';
    await expect
      .poll(() => api.heartbeats.flatMap(({ ended }) => ended), wait)
      .toMatchObject([{ leaseId: lease.id }]);
    await expect.poll(() => api.last()?.ended, wait).toEqual([]);
  });

  it('end the leases that the answer names, and no others', async () => {
    const agent = await start();
    const [doomed, fine] = [aLease({ devices: [0] }), aLease({ devices: [1] })];
    const holds = [await take(agent, doomed), await take(agent, fine)];
    api.answer = { stop: [doomed.id], stale: false };
    await expect.poll(() => holds.map(({ kill }) => kill.aborted), wait).toEqual([true, false]);
    for (const hold of holds) hold.end();
  });

  it('ask the leases that give way to leave with their grace, and say for whom', async () => {
    const agent = await start();
    const [leaving, fine] = [aLease({ devices: [0] }), aLease({ devices: [1] })];
    const holds = [await take(agent, leaving), await take(agent, fine)];
    const why = { [leaving.id]: 'urgent/serve#1 needs the hardware' };
    api.answer = { stop: [], stale: false, leave: [leaving.id], why };
    await expect.poll(() => holds.map(({ leave }) => leave.aborted), wait).toEqual([true, false]);
    expect(holds[0]?.leave.reason).toEqual({
      kind: 'preempted',
      message: 'urgent/serve#1 needs the hardware',
    });
    expect(holds[0]?.kill.aborted).toBe(false);
    for (const hold of holds) hold.end();
  });

  it('refuse a lease for good that was taken back before it began here, also one that waits for its hardware', async () => {
    const agent = await start();
    const hold = await take(agent, aLease());
    const [waiting, unseen] = [aLease(), aLease({ devices: [1] })];
    const taking = take(agent, waiting);
    const refuse = [waiting, unseen].map(({ id, fencing }) => ({ leaseId: id, fencing }));
    api.answer = { stop: [], stale: false, refuse };
    await expect(taking).rejects.toThrow(LeaseRefused);
    await expect(take(agent, unseen)).rejects.toThrow(LeaseRefused);
    await expect
      .poll(() => api.heartbeats.flatMap(({ ended }) => ended.map(({ leaseId }) => leaseId)), wait)
      .toEqual(expect.arrayContaining([waiting.id, unseen.id]));
    expect(hold.kill.aborted).toBe(false);
    hold.end();
  });

  it('lead to a new registration when another incarnation has taken over, once everything has stopped', async () => {
    const agent = await start();
    const hold = await take(agent, aLease());
    api.answer = { stop: [], stale: true };
    await expect.poll(() => hold.kill.aborted, wait).toBe(true);
    api.answer = { stop: [], stale: false };
    expect(api.registrations).toHaveLength(1);
    hold.end();
    await expect.poll(() => api.registrations.length, wait).toBe(2);
    await expect.poll(() => api.last()?.incarnation, wait).toBe(2);
    await expect(take(agent, aLease({ incarnation: 1 }))).rejects.toThrow(LeaseRefused);
    (await take(agent, aLease({ incarnation: 2 }))).end();
  });
});

describe('a second worker with a copy of the node’s folder', () => {
  it('ends the first, with all its tasks and an error that says so', async () => {
    const hold = await take(await start(), aLease());
    api.answer = { stop: [], stale: true, replaced: true };
    await expect.poll(() => hold.kill.aborted, wait).toBe(true);
    expect(deaths).toEqual([]);
    hold.end();
    await expect.poll(() => deaths, wait).toEqual([expect.stringContaining('was copied')]);
    expect(api.registrations).toHaveLength(1);
  });
});

describe('the self-fence', () => {
  beforeEach(() => {
    api.terms = { heartbeatSeconds: 0.05, selfFenceSeconds: 0.4 };
  });

  it('ends every task when no heartbeat gets through, and registers anew when the API is back', async () => {
    const agent = await start();
    const hold = await take(agent, aLease());
    api.mode = 'refuse';
    await expect.poll(() => hold.kill.aborted, wait).toBe(true);
    expect(hold.kill.reason).toMatchObject({ kind: 'revoked' });
    hold.end();
    const waiting = take(agent, aLease({ nodeId: null, incarnation: 0 }));
    api.mode = 'answer';
    (await waiting).end();
    expect(api.registrations).toHaveLength(2);
    expect(deaths).toEqual([]);
  });

  it('ends the worker itself when a task in its own process does not stop', async () => {
    const hold = await take(await start(), aLease());
    api.mode = 'refuse';
    await expect.poll(() => deaths.length, wait).toBeGreaterThan(0);
    hold.end();
    api.mode = 'answer';
  });
});

describe('leases', () => {
  const refusals = [
    { title: 'another node', lease: { nodeId: nodeId('node-2') } },
    { title: 'another incarnation', lease: { incarnation: 2 } },
    { title: 'a device that the node has not', lease: { devices: [2] } },
    { title: 'more than the node has', lease: { resources: { ...NOTHING, cores: 5 } } },
  ];
  it.each(refusals)('of $title are refused', async ({ lease }) => {
    await expect(take(await start(), aLease(lease))).rejects.toThrow(LeaseRefused);
  });

  it('wait until the memory that they need is free', async () => {
    const agent = await start();
    const half = () => aLease({ devices: [], resources: { ...NOTHING, memoryBytes: 5 * GIB } });
    const first = await take(agent, half());
    let taken = false;
    const second = take(agent, half()).then((hold) => {
      taken = true;
      return hold;
    });
    await expect.poll(() => api.last()?.running.length, wait).toBe(1);
    expect(taken).toBe(false);
    first.end();
    (await second).end();
  });

  it('stop waiting when the activity is cancelled', async () => {
    const agent = await start();
    const first = await take(agent, aLease());
    const cancelled = new AbortController();
    const second = agent.take(aLease(), cancelled.signal);
    cancelled.abort(new Error('cancelled'));
    await expect(second).rejects.toThrow('cancelled');
    first.end();
  });

  it('are refused by a draining node, which says so and asks its tasks to leave', async () => {
    const agent = await start();
    const hold = await take(agent, aLease());
    const drained = agent.drain();
    expect(hold.leave.reason).toMatchObject({ kind: 'draining' });
    await expect(take(agent, aLease({ devices: [1] }))).rejects.toThrow('draining');
    await expect.poll(() => api.last()?.draining, wait).toBe(true);
    hold.end();
    await drained;
  });
});

describe('what an earlier worker left running', () => {
  const record = (lease: string, group: number, launchedAtMs: number) => {
    mkdirSync(join(folder, 'groups'), { recursive: true });
    writeFileSync(join(folder, 'groups', lease), JSON.stringify({ lease, group, launchedAtMs }));
  };

  it('has ended before the node is registered again', async () => {
    const group = aGroup('leftover-1');
    record('leftover-1', group, Date.now());
    let alive: unknown;
    api.onRegister = async () => {
      alive = await membersOf(group);
    };
    await start();
    expect(alive).toEqual([]);
    expect(existsSync(join(folder, 'groups/leftover-1'))).toBe(false);
  });

  it('is not mistaken for a process that has its number now', async () => {
    const group = aGroup('somebody-else');
    record('leftover-2', group, Date.now() - 3_600_000);
    await start();
    expect(await membersOf(group)).toHaveLength(1);
    await endGroup(group, 'somebody-else');
  });

  it('and a record that was cut off in the middle stops nobody', async () => {
    mkdirSync(join(folder, 'groups'), { recursive: true });
    writeFileSync(join(folder, 'groups/torn'), '{"lease');
    await start();
    expect(api.registrations).toHaveLength(1);
  });
});
