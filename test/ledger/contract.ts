import { randomBytes } from 'node:crypto';
import { cpSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { type Ledger, openLedger } from '../../src/ledger/index.js';
import { type Policy, readPolicy } from '../../src/planner/index.js';
import { testDatabase } from '../support/database.js';
import { replayAll } from '../support/replay-all.js';

/** The policy that ships. */
export const POLICY_TEXT = readFileSync(new URL('../../policies/default.yaml', import.meta.url), 'utf8');
export const POLICY: Policy = readPolicy(POLICY_TEXT);

/** A policy as a document: what is filled in by default is no mistake there. */
export const textOf = ({ version: _, shares, ...document }: Policy): string =>
  JSON.stringify(document.order.includes('share') ? { ...document, shares } : document);

/** Clocks that a test moves by hand. */
export interface Clocks {
  wallMs: number;
  monotonicMs: number;
}

/** A store for one test: `open` it as often as wanted (Postgres: by several ledgers at once). */
export interface Store {
  readonly url: string;
  readonly clocks: Clocks;
  /** With a policy, that one is brought into force where another is. */
  open(policy?: Policy): Promise<Ledger>;
}

interface Opened {
  readonly ledger: Ledger;
  readonly url: string;
}

/** What both databases must do alike: each test gets a fresh store, on each of the two. */
export const onBothDatabases = (title: string, tests: (freshStore: () => Promise<Store>) => void): void => {
  describe.each([
    ['PGlite', pgliteStores],
    ['Postgres', postgresStores],
  ] as const)(`${title} (%s)`, (_, stores) => withStores(stores(), tests));
};

/** What only several processes on one database can show. */
export const onPostgres = (title: string, tests: (freshStore: () => Promise<Store>) => void): void => {
  describe(title, () => withStores(postgresStores(), tests));
};

/** Whatever a test did, each cycle that it left is decided again as it was, byte for byte. A ledger that no longer answers tells nothing. */
const expectExactReplay = async (opened: readonly Opened[]): Promise<void> => {
  for (const url of new Set(opened.map((one) => one.url)))
    for (const { ledger } of opened.filter((one) => one.url === url)) {
      const isThere = await ledger.ping().then(
        () => true,
        () => false,
      );
      if (!isThere) continue;
      const found = await replayAll(ledger);
      expect(found.differences).toEqual([]);
      break;
    }
};

interface Stores {
  url(): Promise<string>;
  begin(): Promise<void>;
  end(): Promise<void>;
}

const withStores = (stores: Stores, tests: (freshStore: () => Promise<Store>) => void): void => {
  const opened: Opened[] = [];
  beforeAll(() => stores.begin(), 120_000);
  afterEach(async () => {
    const ledgers = opened.splice(0);
    try {
      await expectExactReplay(ledgers);
    } finally {
      for (const { ledger } of ledgers) await ledger.close().catch(() => undefined);
    }
  });
  afterAll(() => stores.end());
  tests(async () => {
    const url = await stores.url();
    const clocks = { wallMs: 1_800_000_000_000, monotonicMs: 0 };
    const open = async (policy?: Policy): Promise<Ledger> => {
      const settings = {
        url,
        policy: policy === undefined ? POLICY_TEXT : textOf(policy),
        clock: () => clocks.wallMs,
        monotonic: () => clocks.monotonicMs,
      };
      const ledger = await openLedger(settings);
      opened.push({ ledger, url });
      if (policy) await ledger.activatePolicy(textOf(policy), { by: 'tests', reason: 'this test' });
      return ledger;
    };
    return { url, clocks, open };
  });
};

const postgresStores = (): Stores => ({
  url: testDatabase,
  begin: async () => undefined,
  end: async () => undefined,
});

/** Making an embedded database takes seconds, copying one that is made a moment. */
const pgliteStores = (): Stores => {
  let folder = '';
  return {
    async begin() {
      folder = await mkdtemp(join(tmpdir(), 'signalbox-ledger-'));
      const ledger = await openLedger({ url: `pglite://${folder}/pristine`, policy: POLICY_TEXT });
      await ledger.close();
    },
    async url() {
      const copy = join(folder, randomBytes(4).toString('hex'));
      cpSync(join(folder, 'pristine'), copy, { recursive: true });
      return `pglite://${copy}`;
    },
    end: () => rm(folder, { recursive: true, force: true }),
  };
};
