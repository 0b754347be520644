import type { Ledger, RecordedPart } from '../../src/ledger/index.js';
import {
  type Difference,
  differencesBetween,
  type Policy,
  Replay,
  readPolicy,
} from '../../src/planner/index.js';

/** What a replay of everything in a ledger found. */
export interface Replayed {
  readonly cycles: number;
  readonly parts: readonly RecordedPart[];
  readonly differences: readonly Difference[];
}

/** Plans all recorded cycles of a ledger again, each recording from its base on. Throws where a part is missing. */
export const replayAll = async (ledger: Ledger, fromMs = 0): Promise<Replayed> => {
  const policies = await policiesOf(ledger);
  const differences: Difference[] = [];
  const all: RecordedPart[] = [];
  let cycles = 0;
  for (const { writer, base, last } of await ledger.listRecordings({
    fromMs,
    toMs: Number.MAX_SAFE_INTEGER,
  })) {
    const replay = new Replay((version) => policies.get(version) as Policy);
    let next = base;
    while (next <= last) {
      const parts = await ledger.readRecording({ writer, from: next, limit: 100 });
      for (const part of parts) {
        if (part.sequence !== next) throw new Error(`Part ${next} of ${writer} is missing.`);
        next += 1;
        replay.apply(part, part.policyVersion);
        all.push(part);
        if (part.plan === null || part.base < base || part.atMs < fromMs) continue;
        cycles += 1;
        differences.push(...differencesBetween(part.plan, replay.planAgain(part)));
      }
      if (parts.length === 0) throw new Error(`The end of ${writer} is missing.`);
    }
  }
  return { cycles, parts: all, differences };
};

const policiesOf = async (ledger: Ledger): Promise<ReadonlyMap<string, Policy>> => {
  const stored = await ledger.listPolicies();
  const texts = await Promise.all(stored.map(({ version }) => ledger.getPolicy(version)));
  return new Map(texts.map(({ version, text }) => [version, { ...readPolicy(text), version }]));
};
