import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('histories', import.meta.url));
const histories = readdirSync(root).flatMap((release) =>
  readdirSync(join(root, release)).map((file) => [release, file] as const),
);

/** As much of a recorded history as the tests look at. */
interface History {
  readonly events: readonly {
    readonly workflowExecutionStartedEventAttributes?: { readonly workflowId: string };
    readonly activityTaskScheduledEventAttributes?: { readonly activityType: { name: string } };
  }[];
}
const historyOf = (release: string, file: string): History =>
  JSON.parse(readFileSync(join(root, release, file), 'utf8'));

/** Under its own id, because children are named after their parent. */
const replay = (history: History): Promise<void> => {
  const { workflowId } = history.events[0]?.workflowExecutionStartedEventAttributes ?? {};
  return Worker.runReplayHistory(
    { workflowBundle: { codePath: 'dist/workflow-bundle.js' } },
    history,
    workflowId,
  );
};

describe('the workflow', () => {
  test.each(histories)('replays what a run of release %s did: %s', async (release, file) => {
    await replay(historyOf(release, file));
  });

  test('would be caught changing what a run under way did', async () => {
    const [release, file] = histories[0] as readonly [string, string];
    const history = historyOf(release, file);
    for (const { activityTaskScheduledEventAttributes: scheduled } of history.events) {
      if (scheduled) scheduled.activityType.name = 'another';
    }
    await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
  });
});
