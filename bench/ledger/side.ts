import { readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import pino from 'pino';
import type { Granted, RunId } from '../../src/domain/index.js';
import { openLedger } from '../../src/ledger/index.js';
import { startDispatcher } from '../../workers/outbox.js';
import { quantile, source } from '../support/numbers.js';
import { Traffic } from './traffic.js';

/** What this process is told to begin with. */
export interface SideSettings {
  readonly databaseUrl: string;
  readonly waiting: number;
}
/** What it is asked to measure: as fast as it goes with so many calls at once, or at a rate. */
export type Ask =
  | { readonly kind: 'together'; readonly calls: number; readonly seconds: number }
  | { readonly kind: 'rate'; readonly transitionsPerSecond: number; readonly seconds: number };

/** One process with a ledger of its own: its queue is filled, then it measures when asked. */
const { databaseUrl, waiting }: SideSettings = JSON.parse(process.argv[2] ?? '{}');
const log = pino({ level: 'warn' });
const policy = readFileSync('policies/default.yaml', 'utf8');
const ledger = await openLedger({ url: databaseUrl, policy, log });
const traffic = new Traffic(ledger, waiting);

/** Stands in for Temporal behind the real dispatcher: a signal arrives at once. */
const temporal = {
  workflow: {
    start: async () => ({}),
    getHandle: (id: RunId) => ({
      signal: async (name: string, payload: unknown) => {
        if (name === 'grant') traffic.take(payload as Granted, id);
      },
    }),
  },
} as unknown as Client;
const dispatcher = startDispatcher({ ledger, client: temporal, log });

/** Transitions in so many seconds with so many calls always under way. */
const together = async (calls: number, seconds: number) => {
  const began = performance.now();
  const before = traffic.transitions;
  const caller = async (): Promise<void> => {
    while (performance.now() - began < seconds * 1_000) await traffic.endOne();
  };
  await Promise.all(Array.from({ length: calls }, caller));
  return { transitions: traffic.transitions - before, ms: performance.now() - began };
};

/** The transitions of one turn: a task ends, the next enters, the queue's head is granted. */
const PER_TURN = 3;

/**
 * Turns that come at random at a rate whatever the answers take (an open loop): each waits from when it was due, so that a stall
 * counts for all that came meanwhile.
 */
const atRate = async (transitionsPerSecond: number, seconds: number) => {
  const random = source(11);
  const turns = (transitionsPerSecond / PER_TURN) * seconds;
  const latencies: number[] = [];
  const answers: Promise<void>[] = [];
  const began = performance.now();
  const before = traffic.transitions;
  let dueMs = began;
  for (let turn = 0; turn < turns; turn += 1) {
    dueMs += (-Math.log(1 - random()) * PER_TURN * 1_000) / transitionsPerSecond;
    const due = dueMs;
    if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    answers.push(traffic.endOne().then(() => void latencies.push(performance.now() - due)));
  }
  await Promise.all(answers);
  const ms = performance.now() - began;
  return {
    transitionsPerSecond: ((traffic.transitions - before) / ms) * 1_000,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: Math.max(...latencies),
    waiting: traffic.waitingNow,
  };
};

process.on('message', async (ask: Ask) => {
  process.send?.(
    ask.kind === 'together'
      ? await together(ask.calls, ask.seconds)
      : await atRate(ask.transitionsPerSecond, ask.seconds),
  );
});
process.once('SIGTERM', async () => {
  await dispatcher.stop();
  await ledger.close();
  process.exit(0);
});
const began = performance.now();
await traffic.fill();
process.send?.({ filledInMs: performance.now() - began });
