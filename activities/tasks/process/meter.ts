import type { Launched } from './launch.js';
import { MemoryTrend } from './memory-trend.js';
import { sampleGroup } from './sample.js';
import { type ProcessInfo, sharedOnceBytes } from './table.js';

/** What a group has used so far. */
export interface GroupUsage {
  readonly memoryBytes: number | null;
  readonly peakMemoryBytes: number | null;
  readonly cpuSeconds: number | null;
}

/** Watches a process group until stopped. */
export interface Meter {
  usage(): GroupUsage;
  stop(): void;
}

/** The first looks come soon, so that a short task is measured too. */
const FIRST_LOOK_MS = 30;
const LIMITED_MS = 250;
const UNLIMITED_MS = 1000;

/** What a meter tells of a group that has a limit. */
export interface LimitListener {
  /** Called once, when the group holds more than the limit. */
  exceeded(): void;
  /** Called at each look at which the limit is near and comes nearer: it is reached in so long. */
  nearing(fullInSeconds: number): void;
}

/**
 * Samples a group's memory and CPU time. CPU time is the most ever summed over the living (a child that has ended is in its
 * parent's sum).
 */
export const meterGroup = (
  { group, watcher }: Pick<Launched, 'group' | 'watcher'>,
  limitBytes: number | null,
  listener: LimitListener,
): Meter => {
  const trend = limitBytes === null ? null : new MemoryTrend(limitBytes);
  let usage: GroupUsage = { memoryBytes: null, peakMemoryBytes: null, cpuSeconds: null };
  const startedAtMs = performance.now();
  let timer: NodeJS.Timeout;
  let stopped = false;

  const look = async () => {
    const members = (await sampleGroup(group)).filter(({ pid }) => pid !== watcher());
    if (members.length > 0) usage = addSample(usage, members);
    trend?.add(performance.now(), usage.memoryBytes ?? 0);
    const fullInSeconds = trend?.fullInSeconds() ?? null;
    if (limitBytes !== null && (usage.memoryBytes ?? 0) > limitBytes) {
      limitBytes = null;
      listener.exceeded();
    } else if (fullInSeconds !== null) listener.nearing(fullInSeconds);
    schedule();
  };
  const schedule = () => {
    if (stopped) return;
    const periodMs = limitBytes === null ? UNLIMITED_MS : LIMITED_MS;
    const ageMs = performance.now() - startedAtMs;
    timer = setTimeout(
      () => void look().catch(schedule),
      Math.min(periodMs, Math.max(FIRST_LOOK_MS, ageMs / 2)),
    );
  };
  schedule();
  return {
    usage: () => usage,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
};

const addSample = (before: GroupUsage, members: readonly ProcessInfo[]): GroupUsage => {
  const memoryBytes = memoryOf(members, before.peakMemoryBytes ?? 0);
  const ownPeak = Math.max(...members.map((member) => member.peakMemoryBytes));
  const cpuSeconds = members.reduce((sum, member) => sum + member.cpuSeconds, 0);
  return {
    memoryBytes,
    peakMemoryBytes: Math.max(before.peakMemoryBytes ?? 0, memoryBytes, ownPeak),
    cpuSeconds: Math.max(before.cpuSeconds ?? 0, cpuSeconds),
  };
};

/** Resident pages summed; where that would be a new peak, pages that forked processes share are counted once. */
const memoryOf = (members: readonly ProcessInfo[], peakBytes: number): number => {
  const summed = members.reduce((sum, member) => sum + member.memoryBytes, 0);
  if (members.length === 1 || summed <= peakBytes) return summed;
  return sharedOnceBytes(members.map((member) => member.pid)) ?? summed;
};
