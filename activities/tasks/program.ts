import type { Attempt } from './attempt.js';
import { TaskFailure } from './failure.js';
import {
  type Exit,
  endGroup,
  exitOrLeave,
  type Launched,
  launch,
  meterGroup,
  oomKills,
} from './process/index.js';
import { keepLogs } from './program-logs.js';

/** A program to run for an attempt. */
export interface Program {
  readonly command: string | readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logLimitBytes: number;
}

const TAIL_LINES = 15;
/** What it takes beyond the grace to have a task leave before its memory is full: the word to the ledger and back, a checkpoint. */
const MOVE_SECONDS = 5;
/** A program killed by somebody else while it held so much of its lease was killed for that. */
const NEARLY_FULL = 0.9;
/** A shell's exit code for a child that SIGKILL ended. */
const KILLED_CODE = 128 + 9;

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
  const killedBefore = oomKills();
  try {
    const exit = await supervised(attempt, launched, watch.exceeded);
    watch.stop();
    await endGroup(launched.group, lease.id);
    await logs.end();
    attempt.leave.throwIfAborted();
    if (watch.exceeded.aborted) throw outOfMemory(attempt, watch.peakBytes(), logs.stderrTail());
    if (isKill(exit) && (oomKills() > killedBefore || nearlyFull(attempt, watch.peakBytes())))
      throw killedForMemory(attempt, watch.peakBytes(), logs.stderrTail());
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
  const { graceSeconds, run } = attempt.input;
  const meter = meterGroup(launched, limitBytes, {
    exceeded: () => exceeded.abort(),
    nearing: (seconds) => {
      // DuckDB fills the memory that it was given, and keeps to it.
      if (run.kind === 'sql' || seconds > graceSeconds + MOVE_SECONDS) return;
      attempt.used(meter.usage());
      attempt.memoryNearlyFull(seconds);
    },
  });
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

const isKill = ({ code, signal }: Exit): boolean => signal === 'SIGKILL' || code === KILLED_CODE;

const nearlyFull = ({ input }: Attempt, peakBytes: number | null): boolean => {
  const { memoryBytes } = input.lease.resources;
  return memoryBytes > 0 && (peakBytes ?? 0) >= NEARLY_FULL * memoryBytes;
};

const killedForMemory = ({ input }: Attempt, peakBytes: number | null, stderr: string) => {
  const leased = input.lease.resources.memoryBytes;
  const lease = leased === 0 ? 'its lease names no memory' : `its lease has ${leased}`;
  const sentence = `Killed for want of memory: it held ${peakBytes ?? 'an unknown number of'} bytes, ${lease}.`;
  return new TaskFailure('out-of-memory', withTail(sentence, stderr));
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
