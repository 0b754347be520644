import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openWorkspace, type Workspace, withLocalPaths } from '../../activities/artifacts/index.js';
import { xmlTexts } from '../../activities/artifacts/s3-client.js';
import { startS3 } from './s3-server.js';

const MIB = 2 ** 20;
const root = mkdtempSync(join(tmpdir(), 'signalbox-workspace-'));
let s3: Awaited<ReturnType<typeof startS3>>;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(async () => {
  await s3.stop();
  rmSync(root, { recursive: true, force: true });
});

let opened = 0;
const stores = [
  { store: 'a folder', open: () => openWorkspace(join(root, `w${opened}`), { env: {}, cacheFolder: '' }) },
  {
    store: 'an S3-compatible store',
    open: () =>
      openWorkspace(`s3://bucket/some/prefix${opened}`, {
        env: s3.env,
        cacheFolder: join(root, `cache${++opened}`),
      }),
  },
];

describe.each(stores)('a workspace in $store', ({ open }) => {
  let workspace: Workspace;
  let elsewhere: () => Workspace;
  beforeEach(() => {
    opened += 1;
    const number = opened;
    workspace = open();
    elsewhere = () => {
      opened = number;
      return open();
    };
  });
  const bytes = (text: string) => ({ bytes: Buffer.from(text) });

  it('gives back on another node what was stored on one', async () => {
    const file = await workspace.put('runs/r/t.3/1/model v1 (final).bin', bytes('weights'));
    expect(file).toEqual({
      uri: 'workspace://runs/r/t.3/1/model%20v1%20%28final%29.bin',
      bytes: 7,
      sha256: createHash('sha256').update('weights').digest('hex'),
    });
    expect(readFileSync(await elsewhere().get(file), 'utf8')).toBe('weights');
    expect(readFileSync(await elsewhere().get(file.uri), 'utf8')).toBe('weights');
  });

  it('stores a file of 40 MiB, which S3 takes in parts', async () => {
    const path = join(root, `large-${opened}`);
    const content = Buffer.alloc(40 * MIB, 'abcdefg');
    writeFileSync(path, content);
    const file = await workspace.put('large', { file: path });
    expect(file).toMatchObject({
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    });
    expect(readFileSync(await elsewhere().get(file)).equals(content)).toBe(true);
  });

  it('stores an empty file', async () => {
    const path = join(root, `empty-${opened}`);
    writeFileSync(path, '');
    const file = await workspace.put('empty', { file: path });
    expect(readFileSync(await elsewhere().get(file), 'utf8')).toBe('');
    expect(await workspace.read('empty')).toMatchObject({ totalBytes: 0 });
  });

  it('keeps the newest of two files under one key', async () => {
    await workspace.put('key', bytes('old'));
    const file = await workspace.put('key', bytes('new'));
    expect(readFileSync(await workspace.get(file.uri), 'utf8')).toBe('new');
  });

  it('notices a file that is not what it was', async () => {
    const file = await workspace.put('key', bytes('right'));
    await workspace.put('key', bytes('wrong'));
    await expect(elsewhere().get(file)).rejects.toMatchObject({ code: 'workspace-damaged' });
  });

  it('says that nothing is stored under a key', async () => {
    await expect(workspace.get('workspace://nothing/here')).rejects.toMatchObject({ code: 'not-found' });
    expect(await workspace.read('nothing/here')).toBeNull();
    expect(await workspace.list('nothing')).toEqual([]);
  });

  it.each([
    { range: {}, text: '0123456789' },
    { range: { offset: 7 }, text: '789' },
    { range: { offset: 2, limitBytes: 3 }, text: '234' },
    { range: { offset: 10 }, text: '' },
    { range: { offset: 99, limitBytes: 5 }, text: '' },
  ])('reads the part $range of a file', async ({ range, text }) => {
    await workspace.put('log', bytes('0123456789'));
    const excerpt = await workspace.read('log', range);
    expect({ text: Buffer.from(excerpt?.bytes ?? []).toString(), total: excerpt?.totalBytes }).toEqual({
      text,
      total: 10,
    });
  });

  it('lists keys by prefix, in order, odd characters included', async () => {
    for (const key of ['runs/b+c (é) 100%', 'runs/a/2', 'runs/a/1', 'other'])
      await workspace.put(key, bytes('x'));
    const keys = async (prefix: string) => (await workspace.list(prefix)).map(({ key }) => key);
    expect(await keys('runs/')).toEqual(['runs/a/1', 'runs/a/2', 'runs/b+c (é) 100%']);
    expect(await keys('runs/a')).toEqual(['runs/a/1', 'runs/a/2']);
  });

  it.each(['../escape', 'a/../../escape', '/absolute', 'a//b', '', 'a/./b', 'a\0b', 'a\\b'])(
    'refuses the key %j',
    async (key) => {
      await expect(workspace.put(key, bytes('x'))).rejects.toMatchObject({ code: 'invalid-request' });
      await expect(workspace.read(key)).rejects.toMatchObject({ code: 'invalid-request' });
    },
  );

  it('refuses a URI that hides an escape behind its encoding', async () => {
    await expect(workspace.get('workspace://a/%2e%2e/%2e%2e/b')).rejects.toMatchObject({
      code: 'invalid-request',
    });
    await expect(workspace.get('workspace://%')).rejects.toMatchObject({ code: 'invalid-request' });
  });

  it('gives an attempt an empty folder, and stores what lies there under its own name', async () => {
    const first = workspace.openFolder('runs/r/t/1');
    writeFileSync(join(first.path, 'left over'), '');
    const folder = workspace.openFolder('runs/r/t/1');
    writeFileSync(join(folder.path, 'stdout.log'), 'hello');
    await workspace.put('runs/r/t/1/stdout.log', { file: join(folder.path, 'stdout.log') });
    await folder.close();
    expect((await workspace.list('runs/r/t/1/')).map(({ key }) => key)).toEqual(['runs/r/t/1/stdout.log']);
  });

  it('puts local paths where URIs stand in texts, at any depth', async () => {
    const { uri } = await workspace.put('a/data.csv', bytes('1'));
    const value = { sql: [`FROM '${uri}'`, { n: 1, same: uri }], other: null };
    const path = await workspace.get(uri);
    expect(await withLocalPaths(value, workspace)).toEqual({
      sql: [`FROM '${path}'`, { n: 1, same: path }],
      other: null,
    });
  });
});

describe('a folder workspace', () => {
  it('refuses a link that leads out of it', async () => {
    const workspace = openWorkspace(join(root, 'linked'), { env: {}, cacheFolder: '' });
    mkdirSync(join(root, 'linked/runs'), { recursive: true });
    writeFileSync(join(root, 'secret'), 'secret');
    symlinkSync(join(root, 'secret'), join(root, 'linked/runs/stdout.log'));
    await expect(workspace.read('runs/stdout.log')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(workspace.get('workspace://runs/stdout.log')).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('an S3 workspace', () => {
  it('reads keys with entities in the XML of a listing', () => {
    expect(xmlTexts('<a><Key>x&amp;&lt;y&gt;&#39;&#x41;</Key><Key></Key></a>', 'Key')).toEqual([
      "x&<y>'A",
      '',
    ]);
  });

  it('says what is missing of its settings', () => {
    const open = (location: string, env = {}) => openWorkspace(location, { env, cacheFolder: root });
    expect(() => open('gs://bucket')).toThrow('neither a folder nor s3://');
    expect(() => open('s3://bucket')).toThrow('AWS_ACCESS_KEY_ID');
  });

  it('says that the store does not answer, or refuses', async () => {
    const options = { cacheFolder: join(root, 'none') };
    const env = { ...s3.env, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
    const unreachable = openWorkspace('s3://bucket', { ...options, env });
    await expect(unreachable.get('workspace://a')).rejects.toMatchObject({ code: 'workspace-unavailable' });
    const refused = openWorkspace('s3://no-such-bucket', { ...options, env: s3.env });
    await expect(refused.put('a', { bytes: new Uint8Array(1) })).rejects.toMatchObject({
      code: 'workspace-unavailable',
      message: expect.stringContaining('NoSuchBucket'),
    });
  });
});
