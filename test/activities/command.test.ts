import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aBench, anInput, type Bench, perform, sh } from './support.js';

let bench: Bench;
beforeAll(() => {
  bench = aBench();
});
afterAll(() => bench.dispose());

describe('a command', () => {
  it('gives back the outputs that it wrote', async () => {
    const result = await perform(
      bench,
      anInput(sh(`echo '{"n": 3}' > "$SIGNALBOX_OUTPUT"`, { outputs: ['n'] })),
    );
    expect(result).toMatchObject({ outcome: 'succeeded', outputs: { n: 3 }, exitCode: 0, nodeId: 'bench' });
  });
  it('fails with its exit code and the last lines of its stderr', async () => {
    const result = await perform(bench, anInput(sh('echo out; echo broken >&2; exit 3')));
    expect(result.error).toMatchObject({ code: 'exit-3', message: expect.stringContaining('broken') });
  });
});
