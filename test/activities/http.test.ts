import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FileRef, HttpRun } from '../../src/domain/index.js';
import { aBench, anInput, type Bench, perform } from './support.js';

let bench: Bench;
let server: Server;
let answer: RequestListener;
beforeEach(async () => {
  bench = aBench();
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  bench.dispose();
});

const request = (more: Partial<HttpRun> = {}): HttpRun => ({
  kind: 'http',
  method: 'GET',
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/path`,
  headers: {},
  retryableStatuses: [],
  ...more,
});

it('a JSON answer becomes the output `body`', async () => {
  answer = (_request, response) => response.setHeader('content-type', 'application/json').end('{"a": 1}');
  expect((await perform(bench, anInput(request()))).outputs).toEqual({ status: 200, body: { a: 1 } });
});

it('a request carries its method, headers and JSON body', async () => {
  answer = async (request, response) => {
    const chunks = await request.toArray();
    response.end(
      JSON.stringify([
        request.method,
        request.headers['content-type'],
        request.headers['x-a'],
        String(chunks[0]),
      ]),
    );
  };
  const run = request({ method: 'POST', headers: { 'x-a': 'b' }, body: { n: 1 } });
  expect((await perform(bench, anInput(run))).outputs.body).toEqual([
    'POST',
    'application/json',
    'b',
    '{"n":1}',
  ]);
});

it('a download is streamed to a file and published with its digest', async () => {
  const content = Buffer.alloc(5_000_000, 'abc');
  answer = (_request, response) => response.end(content);
  const { outputs } = await perform(bench, anInput(request({ download: 'data/file.bin' })));
  expect(outputs.file).toEqual({
    uri: 'workspace://runs/run-1/task/1/data/file.bin',
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  } satisfies FileRef);
});

it.each([
  { status: 404, retryableStatuses: [], final: true },
  { status: 503, retryableStatuses: [], final: undefined },
  { status: 429, retryableStatuses: [], final: undefined },
  { status: 404, retryableStatuses: [404], final: undefined },
  { status: 503, retryableStatuses: [404], final: true },
])(
  'status $status, retryable $retryableStatuses: final $final',
  async ({ status, retryableStatuses, final }) => {
    answer = (_request, response) => response.writeHead(status, { 'retry-after': '7' }).end('not today');
    const { outcome, error } = await perform(bench, anInput(request({ retryableStatuses })));
    expect({ outcome, code: error?.code, final: error?.final }).toEqual({
      outcome: 'failed',
      code: `http-${status}`,
      final,
    });
    expect(error?.message).toContain('retry after 7: not today');
  },
);

it('a body that breaks off is a failure worth another attempt, not half a file', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('half');
    setImmediate(() => response.destroy());
  };
  const { error } = await perform(bench, anInput(request({ download: 'file' })));
  expect({ code: error?.code, final: error?.final }).toEqual({ code: 'http-interrupted', final: undefined });
});

it('a server that is not there: http-unreachable, with the reason', async () => {
  const { error } = await perform(bench, anInput(request({ url: 'http://127.0.0.1:1/' })));
  expect(error).toMatchObject({ code: 'http-unreachable', message: expect.stringMatching(/port|refused/i) });
});

it('a URL that is none is final, and so is a download that leaves the folder', async () => {
  answer = (_request, response) => response.end();
  expect((await perform(bench, anInput(request({ url: 'not a url' })))).error).toMatchObject({
    code: 'http-invalid',
    final: true,
  });
  expect(
    (await perform(bench, anInput(request({ download: '../../x' }), { attempt: 2 }))).error,
  ).toMatchObject({
    code: 'http-invalid',
    final: true,
  });
});

it('a request that hangs ends with a cancel', async () => {
  let seen = false;
  answer = () => {
    seen = true;
  };
  const environment = new MockActivityEnvironment();
  const ending = perform(bench, anInput(request()), environment);
  await expect.poll(() => seen).toBe(true);
  environment.cancel('CANCELLED');
  expect(await ending).toMatchObject({ outcome: 'cancelled' });
});
