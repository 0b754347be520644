import { didYouMean } from '../../domain/document/index.js';
import { type Act, type ActAnswer, type NodeId, SignalboxError } from '../../domain/index.js';
import type { NodeRow } from '../rows/index.js';
import type { Draft } from '../state/draft.js';
import type { Command } from '../state/group-commit.js';
import { nodeState } from './nodes.js';

/** A person has a node take no new work, until they take it back: also over restarts of its worker. */
export const drainNode = (nodeId: NodeId, act: Act): Command<ActAnswer> => ({
  apply(draft) {
    const before = nodeOf(draft, nodeId);
    const { drained } = before;
    if (drained !== null && drained.by === act.by && drained.reason === act.reason)
      return () => ({ changed: false, sentence: `${nodeId} was drained so already.` });
    setDrained(draft, before, { ...act, atMs: drained?.atMs ?? draft.atMs });
    draft.event({ kind: 'act', nodeId, detail: { act: 'drain', ...act, before: drained, after: act } });
    const sentence = `${nodeId} takes no new work until somebody undrains it; what runs there goes on.`;
    return () => ({ changed: true, sentence });
  },
});

/** A person lets a node take work again; not while its own worker says otherwise, or is gone. */
export const undrainNode = (nodeId: NodeId, act: Act): Command<ActAnswer> => ({
  apply(draft) {
    const before = nodeOf(draft, nodeId);
    const { drained } = before;
    if (drained === null)
      return () => ({
        changed: false,
        sentence: `${nodeId} was not drained by a person.${standing(before)}`,
      });
    setDrained(draft, before, null);
    draft.event({ kind: 'act', nodeId, detail: { act: 'undrain', ...act, before: drained, after: null } });
    const rest = standing(before);
    const sentence =
      rest === '' ? `${nodeId} takes new work again.` : `${nodeId} is not drained any more.${rest}`;
    return () => ({ changed: true, sentence });
  },
});

const standing = ({ state, leaving }: NodeRow): string => {
  if (state === 'lost') return ' It is lost.';
  return leaving ? ' Its worker is about to stop.' : '';
};

const setDrained = (draft: Draft, node: NodeRow, drained: NodeRow['drained']): void => {
  const state = node.state === 'lost' ? 'lost' : nodeState(node.leaving, drained);
  draft.put('nodes', { ...node, drained, state });
};

/** Throws `not-found`, naming the nodes that there are. */
export const nodeOf = (draft: Draft, nodeId: NodeId): NodeRow => {
  const node = draft.image.nodes.get(nodeId);
  if (node) return node;
  const known = [...draft.image.nodes.values()].map(({ nodeId }) => nodeId).sort();
  throw new SignalboxError('not-found', `There is no node ${nodeId}${didYouMean(nodeId, known)}.`);
};
