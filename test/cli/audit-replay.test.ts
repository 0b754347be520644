import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApi } from '../../src/api/index.js';
import { recordedParts, recordingList } from '../../src/api/schemas.js';
import { momentOf } from '../../src/cli/moment.js';
import type { Ledger, RecordedPart } from '../../src/ledger/index.js';
import { PLANNER_VERSION } from '../../src/planner/index.js';
import { aDocument, aTurn, openTestApi, startBeside, type TestApi } from '../api/support.js';
import { signalbox } from '../support/command.js';

let api: TestApi;
const others: RunningApi[] = [];

beforeAll(async () => {
  api = await openTestApi();
  for (const name of ['a', 'b', 'c']) {
    const { body } = await api.send('POST', '/v1/runs', { body: { document: aDocument(name) } });
    const request = { pool: 'cpu', devices: 0, cores: 3, memoryBytes: 0, slots: 0 } as const;
    await api.ledger.advance(aTurn(body.id, 'hello', request));
  }
});
afterAll(async () => {
  for (const other of others) await other.stop();
  await api.close();
});

const replay = (url: string, ...args: string[]) =>
  signalbox(['audit', 'replay', ...args], { env: { SIGNALBOX_API_URL: url } });

/** An API over the same ledger, of which recorded parts are changed on their way. */
const withParts = async (change: (part: RecordedPart) => RecordedPart): Promise<string> => {
  const readRecording: Ledger['readRecording'] = async (page) =>
    (await api.ledger.readRecording(page)).map(change);
  const other = await startBeside({ ...api, ledger: { ...api.ledger, readRecording } }, {});
  others.push(other);
  return other.url;
};

const DAY = 'from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z';

describe('audit replay', () => {
  it('plans what was recorded again, and says that nothing is decided otherwise', async () => {
    const { code, stdout } = await replay(api.url, '--from', '1h', '--to', 'now');
    expect(stdout).toMatch(/^\d+ cycles?, 3 decisions, 0 differences, planned again by planner version/m);
    expect(code).toBe(0);
  });

  it('of a time in which nothing was planned finds nothing, and that is no mistake', async () => {
    const { code, stdout } = await replay(api.url, '--from', '3h', '--to', '2h');
    expect([code, stdout]).toEqual([0, expect.stringContaining('0 cycles, 0 decisions, 0 differences')]);
  });

  it('shows both sides of each difference and exits 1, where this version had decided it', async () => {
    const url = await withParts((part) =>
      part.plan === null ? part : { ...part, plan: part.plan.replaceAll('"cpu-1"', '"cpu-9"') },
    );
    const { code, stdout } = await replay(url, '--from', '1h');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^cycle \d+ .* grant a-\w+\/hello#1 .*\n {2}recorded {2}\{.*cpu-9.*\n {2}replayed {2}\{.*cpu-1/m,
    );
    const { stdout: text } = await replay(url, '--from', '1h', '--json');
    const [first] = JSON.parse(text).differences;
    expect(first).toMatchObject({ what: 'grant', plannerVersion: PLANNER_VERSION });
    expect(JSON.parse(first.recorded).nodeId).toBe('cpu-9');
    expect(JSON.parse(first.replayed).nodeId).toBe('cpu-1');
  });

  it('of another version of the planner reports what would have been decided, and exits 0', async () => {
    const url = await withParts((part) =>
      part.plan === null
        ? part
        : { ...part, plannerVersion: '0', plan: part.plan.replaceAll('"cpu-1"', '"cpu-9"') },
    );
    const { code, stdout } = await replay(url, '--from', '1h');
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 difference, .*\n\d+ cycles? of another version/);
  });

  it('says where a recording has a gap', async () => {
    const url = await withParts((part) =>
      part.plan === null ? part : { ...part, sequence: part.sequence + 1 },
    );
    const { code, stderr } = await replay(url, '--from', '1h');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Part \d+ of the recording \w+ is no longer stored: begin at a later time/);
  });

  it('refuses a range that ends before it begins', async () => {
    const { code, stderr } = await replay(api.url, '--from', '1h', '--to', '2h');
    expect([code, stderr]).toEqual([2, expect.stringContaining('lies before from')]);
  });
});

describe('A moment', () => {
  const nowMs = Date.UTC(2026, 10, 22, 9);

  it.each([
    ['now', nowMs],
    ['90m', nowMs - 5_400_000],
    ['1d', nowMs - 86_400_000],
    ['2026-11-22T08:00:00+01:00', nowMs - 7_200_000],
  ])('is given as %s', (text, expected) => expect(momentOf('--from', text, nowMs)).toBe(expected));

  it.each(['yesterday', '', '2026-13-01T00:00:00Z', '-1h', '2026'])('is not given as "%s"', (text) =>
    expect(() => momentOf('--from', text, nowMs)).toThrow(
      `--from is "${text}", which is neither a time nor how long ago`,
    ),
  );
});

describe('the recordings', () => {
  it('are listed with the policies that they were planned by, and read part by part', async () => {
    const { body } = await api.send('GET', `/v1/recordings?${DAY}`);
    const { recordings, policies } = recordingList.parse(body);
    expect(recordings).toHaveLength(1);
    expect(policies.map(({ version }) => version)).toEqual([recordings[0]?.policyVersion]);
    const first = await api.send('GET', `/v1/recordings/${recordings[0]?.writer}?limit=1`);
    expect(recordedParts.parse(first.body).parts).toMatchObject([{ kind: 'snapshot', sequence: 0 }]);
    const rest = await api.send('GET', `/v1/recordings/${recordings[0]?.writer}?from=1`);
    expect(recordedParts.parse(rest.body).parts.map(({ sequence }) => sequence)).toEqual(
      [1, 2, 3].slice(0, rest.body.parts.length),
    );
    expect((await api.send('GET', '/v1/recordings/nobody')).body).toEqual({ parts: [] });
  });
});
