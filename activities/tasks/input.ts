import { ApplicationFailure } from '@temporalio/activity';
import { z } from 'zod';
import type { TaskActivityInput } from '../../src/domain/index.js';

/** What a worker relies on before it touches its hardware; the rest of the contract is the workflow's word. */
const relied = z.looseObject({
  runId: z.string().min(1),
  taskKey: z.string().min(1),
  attempt: z.number().int().positive(),
  graceSeconds: z.number().nonnegative(),
  run: z.looseObject({ kind: z.enum(['command', 'sql', 'http', 'function']) }),
  lease: z.looseObject({
    id: z.string().regex(/^[\w.:-]+$/),
    fencing: z.number().int(),
    devices: z.array(z.number().int().nonnegative()),
    resources: z.looseObject({
      devices: z.number(),
      cores: z.number(),
      memoryBytes: z.number(),
      slots: z.number(),
    }),
  }),
});

/** The input, if a workflow of ours wrote it; else the activity fails for good with `invalid-input`. */
export const checkedInput = (input: TaskActivityInput): TaskActivityInput => {
  const checked = relied.safeParse(input);
  if (checked.success) return input;
  const message = `This is no task: ${z.prettifyError(checked.error)}`;
  throw ApplicationFailure.nonRetryable(message, 'invalid-input');
};
