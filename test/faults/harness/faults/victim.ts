import { until } from '../../../../src/embedded/until.js';
import type { Accepted } from '../workload/stream.js';
import type { Scene } from './fault.js';

const WITHIN_MS = 90_000;

/** An open run that an act succeeds on; other runs are tried while it does not, since each may just have ended. */
export const onSomeRun = <T>(
  { stream, chance }: Scene,
  what: string,
  act: (run: Accepted) => Promise<T>,
): Promise<T> => until(what, WITHIN_MS, () => act(chance.pick(stream.open)));
