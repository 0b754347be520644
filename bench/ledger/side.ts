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
  /** Of the processes that share the database; its nodes and runs are named after it. */
  readonly name: string;
}
/** A grant for a run that another process plays: whoever claims an effect delivers it. */
export interface Aside {
  readonly aside: { readonly grant: Granted; readonly runId: RunId };
}
/** What it is asked: to fill its queue; to measure, as fast as it goes with so many calls at once, or at a rate. */
export type Ask =
  | { readonly kind: 'fill' }
  | { readonly kind: 'together'; readonly calls: number; readonly seconds: number }
  | { readonly kind: 'rate'; readonly transitionsPerSecond: number; readonly seconds: number };

/** One process with a ledger of its own, which does what it is asked. */
const { databaseUrl, waiting, name }: SideSettings = JSON.parse(process.argv[2] ?? '{}');
const log = pino({ level: 'warn' });
const policy = readFileSync('policies/default.yaml', 'utf8');
const ledger = await openLedger({ url: databaseUrl, policy, log });
const traffic = new Traffic(ledger, waiting, name);

/** Stands in for Temporal behind the real dispatcher: a signal arrives at once. */
const temporal = {
  workflow: {
    start: async () => ({}),
    getHandle: (id: RunId) => ({
      signal: async (signal: string, payload: unknown) => {
        if (signal !== 'grant') return;
        if (traffic.plays(id)) traffic.take(payload as Granted, id);
        else process.send?.({ aside: { grant: payload as Granted, runId: id } } satisfies Aside);
      },
    }),
  },
} as unknown as Client;
const dispatcher = startDispatcher({ ledger, client: temporal, log });

const fill = async () => {
  const began = performance.now();
  await traffic.fill();
  return { ms: performance.now() - began };
};

/** Transitions in so many seconds with so many calls always under way. */
const together = async (calls: number, seconds: number) => {
  const began = performance.now();
  const before = traffic.transitions;
  const isOver = () => performance.now() - began >= seconds * 1_000;
  const caller = async (): Promise<void> => {
    while (!isOver()) await traffic.endOne(isOver);
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

const answerTo = (ask: Ask): Promise<object> => {
  if (ask.kind === 'fill') return fill();
  return ask.kind === 'together'
    ? together(ask.calls, ask.seconds)
    : atRate(ask.transitionsPerSecond, ask.seconds);
};

process.on('message', async (ask: Ask | Aside) => {
  if ('aside' in ask) {
    traffic.take(ask.aside.grant, ask.aside.runId);
    return;
  }
  process.send?.(await answerTo(ask));
});
process.once('SIGTERM', async () => {
  await dispatcher.stop();
  await ledger.close();
  process.exit(0);
});
process.send?.({ open: true });
