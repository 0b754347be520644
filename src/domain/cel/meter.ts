import { SignalboxError } from '../errors.js';
import { type CelNode, children, type Evaluate, effective } from './tree.js';

const CHARACTERS_PER_UNIT = 64;
/** Operations that handle their operands whole, and so pay for their sizes. */
const WHOLE = new Set(['==', '!=', 'in', '+', 'call', 'rcall']);

/**
 * Counts the cost of an evaluation; the library has no such limit of its own, and nested `map`s multiply. It hooks into the nodes'
 * own `evaluate`, which is no public interface: the library's version is pinned, and the tests fail where a hook has no effect.
 */
export interface Meter {
  /** Runs one evaluation from zero. Throws when its cost, or its result's size, goes over the limit, even where `||` swallows errors. */
  measure<T>(evaluation: () => T): T;
}

/** Puts a meter into a parsed and checked expression; `maxCost` is in nodes evaluated and elements handled. */
export const meter = (root: CelNode, maxCost: number): Meter => {
  let spent = 0;
  let sizes = new WeakMap<object, number>();
  const spend = (cost: number): void => {
    spent += cost;
    if (spent > maxCost) throw new TooCostly(maxCost);
  };
  const sizeOf = (value: unknown): number => {
    if (typeof value === 'string') return Math.floor(value.length / CHARACTERS_PER_UNIT);
    if (typeof value !== 'object' || value === null) return 0;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    const members = value instanceof Map ? [...value.values()] : Object.values(value);
    const size = members.reduce<number>((sum, member) => sum + 1 + sizeOf(member), 0);
    sizes.set(value, size);
    return size;
  };
  const instrument = (node: CelNode, seen: Set<CelNode>, handledWhole: boolean): void => {
    if (seen.has(node)) return;
    seen.add(node);
    node.setMeta('evaluate', metered(node.meta.evaluate, handledWhole));
    for (const child of children(node)) instrument(child, seen, WHOLE.has(node.op));
  };
  const metered =
    (evaluate: Evaluate, handledWhole: boolean): Evaluate =>
    (evaluator, node, context) => {
      spend(1);
      const value = evaluate(evaluator, node, context);
      if (handledWhole) spend(sizeOf(value));
      return value;
    };
  instrument(effective(root), new Set(), false);

  return {
    measure(evaluation) {
      spent = 0;
      sizes = new WeakMap();
      const result = evaluation();
      spend(sizeOf(result));
      return result;
    },
  };
};

/** An evaluation went over its limit. */
export class TooCostly extends SignalboxError {
  constructor(maxCost: number) {
    super('invalid-expression', `it would take more than ${maxCost} steps to evaluate`);
  }
}
