import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, requireFreePorts } from '../../src/embedded/index.js';

test('a port in use is an error that names the port and the option that changes it', async () => {
  const server = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await expect(requireFreePorts({ '--port': await freePort(), '--ui-port': port })).rejects.toMatchObject({
    code: 'port-taken',
    message: expect.stringMatching(`Port ${port} .* --ui-port`),
  });
  await new Promise((resolve) => server.close(resolve));
  await requireFreePorts({ '--ui-port': port });
});

test('a port asked for twice is the same error', async () => {
  const port = await freePort();
  await expect(requireFreePorts({ '--port': port, '--ui-port': port })).rejects.toMatchObject({
    code: 'port-taken',
    message: expect.stringMatching(`Port ${port} is asked for twice.* --ui-port`),
  });
});
