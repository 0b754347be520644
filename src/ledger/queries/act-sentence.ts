import type { Act, PauseScope } from '../../domain/index.js';
import { stamp } from '../../planner/index.js';
import type { EventRow } from '../rows/index.js';

/** An act, or the end of a pause, as a sentence: who did what, from what to what, why. */
export const actSentence = (event: EventRow): string => {
  const detail = event.detail as unknown as Act & Change;
  if (event.kind === 'pause-ended')
    return `the pause of ${nameOf(detail.scope)} by ${detail.by} ended by itself`;
  return `${detail.by} ${what(event, detail)}: ${detail.reason}`;
};

interface Change {
  readonly act: string;
  readonly scope?: PauseScope;
  readonly before?: unknown;
  readonly after?: unknown;
}

const what = ({ nodeId, taskKey }: EventRow, { act, scope, before, after }: Change): string => {
  switch (act) {
    case 'pause':
      return `paused ${scope ? `${nameOf(scope)}${until(after as Ending)}` : 'the run'}`;
    case 'resume':
      return `let ${scope ? nameOf(scope) : 'the run'} go on`;
    case 'cancel':
      return 'asked the run to stop';
    case 'priority':
      return `changed the run's priority from ${before} to ${after}`;
    case 'deadline':
      return `changed the run's deadline from ${moment(before)} to ${moment(after)}`;
    case 'hold':
      return `held ${taskKey}`;
    case 'release':
      return `released ${taskKey}`;
    case 'pin':
      return `pinned ${taskKey} to ${nodeIn(after)}${before ? ` instead of ${nodeIn(before)}` : ''}`;
    case 'unpin':
      return `unpinned ${taskKey} from ${nodeIn(before)}`;
    case 'drain':
      return `drained ${nodeId}`;
    case 'undrain':
      return `let ${nodeId} take work again`;
    default:
      return act;
  }
};

interface Ending {
  readonly untilMs: number | null;
}

const nameOf = (scope: PauseScope | undefined): string =>
  scope === undefined || scope === 'all' ? 'everything' : `pool ${scope.slice('pool:'.length)}`;
const until = ({ untilMs }: Ending): string => (untilMs === null ? '' : ` until ${stamp(untilMs)}`);
const moment = (atMs: unknown): string => (typeof atMs === 'number' ? stamp(atMs) : 'none');
const nodeIn = (pin: unknown): string => (pin as { readonly nodeId: string }).nodeId;
