import { SignalboxError } from '../../domain/index.js';
import type { Policy } from '../../planner/index.js';
import type { ActivatedPolicy, PolicyAct } from '../contract.js';
import type { ActivationRow, PolicyRow } from '../rows/index.js';
import type { Draft } from '../state/draft.js';
import type { Command } from '../state/group-commit.js';
import { timingOf } from './nodes.js';

/** A checked policy with the text that it was read from. */
export interface WrittenPolicy {
  readonly policy: Policy;
  readonly text: string;
}

/** Brings the first policy into force, where none is: nodes of older versions were told what it says. */
export const begin = ({ policy, text }: WrittenPolicy): Command<void> => ({
  apply(draft) {
    if (draft.image.head.policyVersion === '') {
      for (const node of draft.image.nodes.values())
        if (node.told === null) draft.put('nodes', { ...node, told: timingOf(policy) });
      store(draft, policy, text);
      const act = { by: 'signalbox', reason: 'nothing was in force when the ledger was opened' };
      bringIntoForce(draft, policy.version, 'start', act);
    }
    return () => undefined;
  },
});

/** Brings a policy into force. It decides from the next cycle on, in every process. Throws `policy-changed`. */
export const activate = ({ policy, text }: WrittenPolicy, act: PolicyAct): Command<ActivatedPolicy> => ({
  apply(draft) {
    const activated = bringIntoForce(draft, policy.version, 'activate', act);
    if (activated.changed) store(draft, policy, text);
    return () => activated;
  },
});

/**
 * Goes back to the policy before that in force, again further back, or to the one named. `check` refuses a document that may not come
 * into force any more. Throws `policy-changed`, `no-earlier-policy` and `not-found`.
 */
export const rollBack = (
  to: string | undefined,
  act: PolicyAct,
  check: (text: string) => Policy,
): Command<ActivatedPolicy> => {
  let activations: readonly ActivationRow[] = [];
  let policies: readonly PolicyRow[] = [];
  return {
    async prepare({ db }) {
      activations = await db.selectFrom('activations').selectAll().orderBy('number').execute();
      policies = await db.selectFrom('policies').selectAll().execute();
    },
    apply(draft) {
      refuseUnexpected(draft, act);
      const version = to ?? versionBefore([...activations, ...draft.added('activations')]);
      const stored = [...policies, ...draft.added('policies')].find((policy) => policy.version === version);
      if (stored === undefined)
        throw new SignalboxError('not-found', `There is no stored policy ${version}.`);
      check(stored.text);
      const activated = bringIntoForce(draft, version, 'rollback', act);
      return () => activated;
    },
  };
};

/** Each rollback takes back what came since: the last of what is left is in force, and the one before it is meant. */
const versionBefore = (activations: readonly ActivationRow[]): string => {
  const trail: string[] = [];
  for (const { version, kind } of activations) {
    const back = kind === 'rollback' ? trail.lastIndexOf(version) : -1;
    if (back < 0) trail.push(version);
    else trail.length = back + 1;
  }
  const before = trail.at(-2);
  if (before !== undefined) return before;
  throw new SignalboxError('no-earlier-policy', `No policy was in force before ${trail.at(-1)}.`);
};

const store = (draft: Draft, { version, name }: Policy, text: string): void =>
  draft.append('policies', { version, name, text, storedAtMs: draft.atMs });

const refuseUnexpected = ({ image }: Draft, { expect }: PolicyAct): void => {
  const { policyVersion } = image.head;
  if (expect === undefined || expect === policyVersion) return;
  throw new SignalboxError('policy-changed', `The policy in force is ${policyVersion}, not ${expect}.`);
};

const bringIntoForce = (
  draft: Draft,
  version: string,
  kind: ActivationRow['kind'],
  act: PolicyAct,
): ActivatedPolicy => {
  refuseUnexpected(draft, act);
  const { by, reason } = act;
  const { image, atMs } = draft;
  const replaced = image.head.policyVersion === '' ? null : image.head.policyVersion;
  if (replaced === version) return { version, replaced, changed: false };
  draft.event({
    kind: 'policy-activated',
    detail: { from: replaced, to: version, how: kind, by, reason },
  });
  draft.append('activations', { number: image.head.events, version, replaced, kind, by, reason, atMs });
  image.head = { ...image.head, policyVersion: version };
  return { version, replaced, changed: true };
};
