import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HeartbeatAnswer, HeartbeatRequest, RegisterRequest } from '../../src/domain/index.js';

/** An API that answers workers as the test says: here the faults are the subject. */
export const startFakeApi = async (terms = { heartbeatSeconds: 0.05, selfFenceSeconds: 60 }) => {
  const api = {
    terms,
    token: 'worker-token',
    /** `refuse`: 503 for everything, as if the database were down. */
    mode: 'answer' as 'answer' | 'refuse',
    answer: { stop: [], stale: false } as HeartbeatAnswer,
    registrations: [] as RegisterRequest[],
    heartbeats: [] as HeartbeatRequest[],
    /** Called before a registration is answered. */
    onRegister: async (): Promise<void> => undefined,
  };
  const reply = async (path: string, body: unknown): Promise<[number, unknown]> => {
    if (api.mode === 'refuse') return [503, { error: 'down' }];
    if (path === '/v1/agent/register') {
      await api.onRegister();
      api.registrations.push(body as RegisterRequest);
      return [200, { incarnation: api.registrations.length, ...api.terms }];
    }
    api.heartbeats.push(body as HeartbeatRequest);
    return [200, api.answer];
  };
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString());
    const [status, answer] =
      request.headers.authorization === `Bearer ${api.token}`
        ? await reply(request.url ?? '', body)
        : [401, { error: 'unauthorized' }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(api, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    last: () => api.heartbeats.at(-1),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
};
export type FakeApi = Awaited<ReturnType<typeof startFakeApi>>;
