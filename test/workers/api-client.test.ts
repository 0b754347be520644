import { expect, onTestFinished, test } from 'vitest';
import { nodeId, type RegisterRequest } from '../../src/domain/index.js';
import { agentApi } from '../../workers/agent/api-client.js';
import { openTestApi } from '../api/support.js';

test('a refused worker is told the reason in a sentence, and which token it needs', async () => {
  const api = await openTestApi();
  onTestFinished(() => api.close());
  const { register } = agentApi(api.url, 'not-the-token-of-the-workers');
  const request = { node: nodeId('x') } as unknown as RegisterRequest;
  await expect(register(request)).rejects.toMatchObject({
    code: 'unauthorized',
    message: `${api.url}/v1/agent/register answered 401: The token given is not the worker token.`,
    mend: expect.stringContaining('SIGNALBOX_WORKER_TOKEN'),
  });
});
