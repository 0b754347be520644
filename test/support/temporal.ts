import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { prepareNamespace } from '../../src/embedded/index.js';

/** A place of one's own on the shared Temporal server. */
export interface TestNamespace {
  readonly address: string;
  readonly namespace: string;
}

/** A fresh namespace with our search attributes, usable at once: one for each test file (or test) keeps them apart. */
export async function testNamespace(): Promise<TestNamespace> {
  const address = inject('temporalAddress');
  const namespace = `test-${randomBytes(5).toString('hex')}`;
  await prepareNamespace(address, namespace);
  return { address, namespace };
}
