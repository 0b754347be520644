import type { Outcome } from '../domain/index.js';

/** What a task asked for and what it used, attempt by attempt. */
export interface UsedAttempt {
  readonly outcome: Outcome;
  readonly ranSeconds: number;
  readonly asked: { readonly memoryBytes: number; readonly cores: number };
  readonly peakMemoryBytes: number | null;
  readonly cpuSeconds: number | null;
}

/** One thing that a task might ask for instead. */
export interface Advice {
  readonly what: 'memory' | 'cores';
  /** Bytes or cores: the latest request, the most ever used, and what to ask for. */
  readonly asked: number;
  readonly used: number;
  readonly ask: number;
  readonly attempts: number;
}

/** Fewer attempts may not have met the large input yet. */
const ENOUGH = 5;
/** Room above the most ever used, for the next larger input. */
const ROOM = 1.25;
/** A change of less is not worth a person's time. */
const WORTH = 0.25;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** What one task should ask for instead, from its attempts, the newest first; empty where it asks about right. */
export function adviceOf(attempts: readonly UsedAttempt[]): Advice[] {
  const newest = attempts[0]?.asked;
  if (newest === undefined) return [];
  const memory = attempts.flatMap(({ peakMemoryBytes }) => peakMemoryBytes ?? []);
  const cores = attempts.flatMap(coresOf);
  return [
    ...adviceOn('memory', newest.memoryBytes, memory, (used) => roundedUp(used * ROOM)),
    ...adviceOn('cores', newest.cores, cores, (used) => Math.max(1, Math.ceil(used))),
  ];
}

function adviceOn(
  what: Advice['what'],
  asked: number,
  uses: readonly number[],
  askFor: (used: number) => number,
): Advice[] {
  if (asked <= 0 || uses.length < ENOUGH) return [];
  const used = Math.max(...uses);
  const ask = askFor(used);
  return Math.abs(ask - asked) < WORTH * asked ? [] : [{ what, asked, used, ask, attempts: uses.length }];
}

/** The cores that kept busy on average; an instant says nothing. */
const coresOf = ({ outcome, ranSeconds, cpuSeconds }: UsedAttempt): number[] =>
  outcome === 'succeeded' && ranSeconds >= 1 && cpuSeconds !== null ? [cpuSeconds / ranSeconds] : [];

/** To whole GiB, below one to 64 MiB: numbers that a person would write. */
const roundedUp = (amount: number): number => {
  const step = amount > GIB ? GIB : 64 * MIB;
  return Math.ceil(amount / step) * step;
};
