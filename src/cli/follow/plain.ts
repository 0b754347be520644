import type { RunDetail, Task } from '../../api/client/index.js';
import { clock } from '../output/format.js';
import { sentence } from '../output/task-state.js';
import type { Watcher } from './follow.js';

/** For files and pipes: appends one line whenever a task changes, and never rewrites one. */
export const plainWatcher = (print: (line: string) => void): Watcher => {
  const seen = new Map<string, string>();
  let wasPaused = false;

  const report = (task: Task, nowMs: number): void => {
    const state = stateOf(task);
    if (seen.get(task.key) === state) return;
    seen.set(task.key, state);
    print(`${clock(nowMs, nowMs)}  ${task.key}: ${sentence(task, nowMs)}`);
  };

  return {
    update(run: RunDetail) {
      const nowMs = Date.now();
      if (run.paused !== wasPaused)
        print(`${clock(nowMs, nowMs)}  ${run.id}: ${run.paused ? 'paused' : 'resumed'}`);
      wasPaused = run.paused;
      for (const task of run.tasks) if (task.state !== 'pending') report(task, nowMs);
    },
    end() {},
  };
};

/** What makes a new line: another attempt, state, node, or reason to wait; never a mere ETA or place in the queue. */
const stateOf = ({ attempt, state, node, wait }: Task): string =>
  [attempt, state, node, ...(wait?.blockers.map(({ code }) => code) ?? [])].join(' ');
