import type { Attempt } from './attempt.js';
import { TaskFailure } from './failure.js';
import { type Exit, endGroup, exitOrLeave, type Launched, launch, meterGroup } from './process/index.js';
import { keepLogs } from './program-logs.js';

/** A program to run for an attempt. */
export interface Program {
  readonly command: string | readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logLimitBytes: number;
}

const TAIL_LINES = 15;

/**
 * Runs a program to its end: logs to files, usage measured, memory limit kept, and all its processes gone whichever way it
 * returns. Throws `exit-<n>`, `signal-<NAME>`, `out-of-memory` or `launch-failed` with the last lines of its stderr.
 */
export const runProgram = async (attempt: Attempt, program: Program): Promise<void> => {
  attempt.leave.throwIfAborted();
  const lease = attempt.input.lease;
  const { folder } = attempt;
  const launched = await launch({ ...program, lease: lease.id });
  const logs = keepLogs(attempt, launched, folder, program.logLimitBytes);
  const watch = watchUsage(attempt, launched);
  try {
    const exit = await supervised(attempt, launched, watch.exceeded);
    watch.stop();
    await endGroup(launched.group, lease.id);
    await logs.end();
    attempt.leave.throwIfAborted();
    if (watch.exceeded.aborted) throw outOfMemory(attempt, watch.peakBytes(), logs.stderrTail());
    checkExit(exit, logs.stderrTail());
  } finally {
    watch.stop();
    await endGroup(launched.group, lease.id);
    await logs.publish();
  }
};

const supervised = (attempt: Attempt, launched: Launched, exceeded: AbortSignal): Promise<Exit> => {
  attempt.launched(launched.group);
  const { leave, input } = attempt;
  const kill = AbortSignal.any([attempt.kill, exceeded]);
  return exitOrLeave(launched, { leave, kill, graceSeconds: input.graceSeconds });
};

/** Reports what the group uses; `exceeded` aborts when it holds more memory than its lease, where that names any. */
const watchUsage = (attempt: Attempt, launched: Launched) => {
  const exceeded = new AbortController();
  const limitBytes = attempt.input.lease.resources.memoryBytes || null;
  const meter = meterGroup(launched, limitBytes, () => exceeded.abort());
  attempt.onBeat(() => attempt.used(meter.usage()));
  return {
    exceeded: exceeded.signal,
    peakBytes: () => meter.usage().peakMemoryBytes,
    stop: () => {
      meter.stop();
      attempt.used(meter.usage());
    },
  };
};

const checkExit = ({ code, signal }: Exit, stderr: string): void => {
  if (signal !== null) throw new TaskFailure(`signal-${signal}`, withTail(`Ended by ${signal}.`, stderr));
  if (code === null || code === 0) return;
  throw new TaskFailure(`exit-${code}`, withTail(`Exited with code ${code}.`, stderr), { exitCode: code });
};

const outOfMemory = ({ input }: Attempt, peakBytes: number | null, stderr: string) => {
  const { memoryBytes } = input.lease.resources;
  const sentence = `Held ${peakBytes} bytes of memory, more than its lease's ${memoryBytes}.`;
  return new TaskFailure('out-of-memory', withTail(sentence, stderr));
};

const withTail = (sentence: string, stderr: string): string => {
  const lines = stderr.trimEnd().split('\n').slice(-TAIL_LINES).join('\n').replaceAll('\0', '');
  return lines === '' ? sentence : `${sentence} The last lines of stderr:\n${lines}`;
};
