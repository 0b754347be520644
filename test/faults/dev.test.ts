import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiClient, createClient } from '../../src/api/client/index.js';
import { freePort } from '../../src/embedded/index.js';
import { livingOwner } from '../../src/embedded/lock-file.js';
import { until } from '../../src/embedded/until.js';
import { type Program, startProgram } from '../support/program.js';

const CHILDREN = ['temporal', 'worker-cpu', 'worker-gpu', 'worker-io'];
const READY = { timeout: 120_000, interval: 100 };

let folder: string;
let dev: Program;
let api: ApiClient;
let ports: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-dev-'));
  const [port, temporalPort, uiPort] = await Promise.all([freePort(), freePort(), freePort()]);
  ports = [`--port=${port}`, `--temporal-port=${temporalPort}`, `--ui-port=${uiPort}`];
  api = createClient({ url: `http://127.0.0.1:${port}` });
  dev = await startDev('dev');
});
afterAll(async () => {
  await dev?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const inDev = (...path: string[]): string => join(folder, '.signalbox', ...path);
const lines = (name: string): string[] =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').trim().split('\n') : [];
const portOf = (option: string): string => ports.find((port) => port.startsWith(option))?.split('=')[1] ?? '';
const isReady = (): boolean => existsSync(inDev('dev.json'));
const childPid = (name: string): number | null => livingOwner(inDev('pids', `${name}.json`));
const livingChildren = (): string[] => CHILDREN.filter((name) => childPid(name) !== null);
const status = (id: string): Promise<string> => api.getRun(id).then((run) => run.status, String);
/** Every process that names our folder: the task's commands do. */
const processesOfFolder = (): string[] =>
  execFileSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder) && !line.startsWith('Z'));

async function startDev(name: string): Promise<Program> {
  const env = { ...process.env, TEMPORAL_ADDRESS: '' };
  const program = await startProgram(name, ['dev', ...ports], { folder, env });
  await until('dev', 120_000, async () => {
    if (!isReady()) throw new Error(readFileSync(program.logFile, 'utf8'));
  });
  return program;
}

/** Two steps that note that they ran; the second waits for a file named as the run. */
const submit = async (name: string): Promise<string> => {
  const document = `
apiVersion: signalbox/v1
name: ${name}
parameters: { dir: { type: string } }
tasks:
  first: { pool: io, run: { command: 'echo ${name} first >> \${{ params.dir }}/ran' } }
  second:
    needs: [first]
    pool: cpu
    resources: { cpu: 1 }
    grace: 1s
    retry: { attempts: 3, initialDelay: 100ms }
    run: { command: 'touch \${{ params.dir }}/${name}.begun; until [ -e \${{ params.dir }}/${name} ]; do sleep 0.1; done; echo ${name} second >> \${{ params.dir }}/ran' }
  third: { needs: [second], pool: gpu, resources: { gpu: 1 }, run: { command: 'echo ${name} $CUDA_VISIBLE_DEVICES >> \${{ params.dir }}/ran' } }`;
  const { run } = await api.startRun({ document, params: { dir: folder } });
  await expect.poll(() => existsSync(join(folder, `${name}.begun`)), READY).toBe(true);
  return run.id;
};

const finishes = async (name: string, id: string): Promise<void> => {
  writeFileSync(join(folder, name), '');
  await expect.poll(() => status(id), READY).toBe('succeeded');
  expect(lines('ran').filter((line) => line.startsWith(`${name} `))).toEqual([
    `${name} first`,
    `${name} second`,
    expect.stringMatching(`^${name} [01]$`),
  ]);
};

test('a second dev of the same folder is refused and names the first', async () => {
  const second = await startProgram('second', ['dev', ...ports], { folder, env: process.env });
  await expect.poll(() => readFileSync(second.logFile, 'utf8'), READY).toContain(`process ${dev.pid()}`);
});

test('a port that is taken is refused before anything is started', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'signalbox-dev-'));
  const env = { ...process.env, TEMPORAL_ADDRESS: '' };
  const second = await startProgram('second', ['dev', ...ports], { folder: elsewhere, env });
  const said = () => readFileSync(second.logFile, 'utf8');
  await expect.poll(said, READY).toMatch(`Port ${portOf('--port')} is already in use`);
  expect(said()).toContain('--port');
  expect(existsSync(join(elsewhere, '.signalbox', 'lock'))).toBe(false);
  expect(readdirSync(join(elsewhere, '.signalbox', 'logs'))).toEqual([]);
  rmSync(elsewhere, { recursive: true, force: true });
});

test('the worker token is for its owner alone, and no process shows it among its arguments', () => {
  const token = inDev('worker-token');
  expect(statSync(token).mode & 0o777).toBe(0o600);
  expect(execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' })).not.toContain(
    readFileSync(token, 'utf8'),
  );
});

test('a Temporal server that is killed in a run comes back, and the run goes on', async () => {
  const id = await submit('temporal');
  const before = childPid('temporal');
  process.kill(before as number, 'SIGKILL');
  await expect.poll(() => childPid('temporal') ?? before, READY).not.toBe(before);
  await finishes('temporal', id);
});

test('a worker that is killed in a task comes back, and the task runs again', async () => {
  const id = await submit('worker');
  const before = childPid('worker-cpu');
  process.kill(before as number, 'SIGKILL');
  await expect.poll(() => childPid('worker-cpu') ?? before, READY).not.toBe(before);
  await finishes('worker', id);
});

test('after a Ctrl-C nothing is left running, and the next start finishes the run', async () => {
  const id = await submit('interrupted');
  process.kill(dev.pid(), 'SIGINT');
  await expect.poll(livingChildren, READY).toEqual([]);
  await expect.poll(processesOfFolder, READY).toEqual([]);
  await expect.poll(() => livingOwner(inDev('lock')), READY).toBeNull();

  dev = await startDev('again');
  expect(await status(id)).toBe('running');
  await finishes('interrupted', id);
});

test('after a SIGKILL the children leave by themselves, and the next start finishes the run', async () => {
  const id = await submit('killed');
  await dev.kill();
  await expect.poll(livingChildren, READY).toEqual([]);
  await expect.poll(processesOfFolder, READY).toEqual([]);
  rmSync(inDev('dev.json'));

  dev = await startDev('after-kill');
  await finishes('killed', id);
  const leases = async () => (await api.listNodes()).nodes.flatMap((node) => node.leases);
  await expect.poll(leases, READY).toEqual([]);
});

test('everything it keeps lies below .signalbox', () => {
  expect(readdirSync(folder).filter((name) => /^\./.test(name))).toEqual(['.signalbox']);
});
