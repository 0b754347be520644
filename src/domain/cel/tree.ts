import { didYouMean } from '../document/suggest.js';
import { SignalboxError } from '../errors.js';
import { FUNCTIONS, METHODS } from './language.js';

/** A node of the parsed expression, as far as we read it; a macro's expansion stands in `meta.alternate`. */
export interface CelNode {
  readonly op: string;
  readonly args: unknown;
  readonly start: number;
  readonly end: number;
  readonly meta: { readonly alternate?: CelNode; readonly evaluate: Evaluate };
  setMeta(key: 'evaluate', value: Evaluate): unknown;
}
export type Evaluate = (evaluator: unknown, node: CelNode, context: unknown) => unknown;

interface Comprehension {
  readonly iterable: CelNode;
  readonly iterVarName: string;
  readonly step: CelNode;
}

/** The names that an expression may start from. */
export interface Names {
  readonly names: readonly string[];
  /** What is wrong with reading a value by the names that lead to it; nothing where it may be read. */
  refuse(path: readonly string[]): string | undefined;
}

/** What an expression reads, known without evaluating it. */
export interface References {
  /** Each value read, as the names that lead to it: `tasks.a.outputs.n` is `['tasks', 'a', 'outputs', 'n']`. */
  readonly reads: readonly (readonly string[])[];
  /** The texts that values of the scope are compared with, by `==`, `!=` or `in`. */
  readonly compared: readonly Comparison[];
  /** The CEL type of the result: `bool`, `int`, `list<dyn>`, …; `dyn` where only the values will tell. */
  readonly type: string;
}

/** A value of the scope beside a text. */
export interface Comparison {
  readonly path: readonly string[];
  readonly text: string;
}

const isNode = (value: unknown): value is CelNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'meta' in value;

/** The node that is evaluated: a macro's expansion, or the node itself. */
export const effective = (node: CelNode): CelNode => node.meta.alternate ?? node;

/** The nodes that a node evaluates. */
export const children = (node: CelNode): readonly CelNode[] => {
  if (node.op !== 'comprehension') return [node.args].flat(3).filter(isNode).map(effective);
  const { iterable, step } = node.args as Comprehension;
  return [effective(iterable), effective(step)];
};

const refusal = (why: string) => new SignalboxError('invalid-expression', why);

/** Reads an expression's tree: which values it uses. Throws on an unknown name or function. */
export const readReferences = (root: CelNode, scope: Names): References['reads'] => {
  const reads: (readonly string[])[] = [];
  const visit = (node: CelNode, locals: readonly string[]): void => {
    checkCall(node);
    const path = selection(node, locals);
    if (path) reads.push(checkPath(path, scope));
    else if (node.op !== 'id') {
      const inner = bind(node, locals, scope);
      for (const child of children(node)) visit(child, inner);
    }
  };
  visit(effective(root), []);
  return reads;
};

/** The comparisons of an expression; see `References.compared`. */
export const readComparisons = (root: CelNode): readonly Comparison[] => {
  const node = effective(root);
  return [...comparison(node), ...children(node).flatMap(readComparisons)];
};

const comparison = ({ op, args }: CelNode): readonly Comparison[] => {
  if (op !== '==' && op !== '!=' && op !== 'in') return [];
  const [left, right] = args as readonly [CelNode, CelNode];
  return [...compared(left, right), ...(op === 'in' ? [] : compared(right, left))];
};

const compared = (value: CelNode, other: CelNode): readonly Comparison[] => {
  const path = selection(value, []);
  const literals = other.op === 'list' ? (other.args as readonly CelNode[]) : [other];
  return literals.flatMap(({ op, args }) =>
    path !== null && op === 'value' && typeof args === 'string' ? [{ path, text: args }] : [],
  );
};

/** `tasks.a["n"]` as its names; null for anything that is not selected by name from the scope. */
const selection = (node: CelNode, locals: readonly string[]): readonly string[] | null => {
  if (node.op === 'id') return locals.includes(node.args as string) ? null : [node.args as string];
  if (node.op !== '.' && node.op !== '[]') return null;
  const [from, key] = node.args as [CelNode, string | CelNode];
  const name = typeof key === 'string' ? key : key.op === 'value' ? key.args : null;
  const path = typeof name === 'string' ? selection(from, locals) : null;
  return path && [...path, name as string];
};

const checkPath = (path: readonly string[], { names, refuse }: Names): readonly string[] => {
  const [name = ''] = path;
  if (!names.includes(name))
    throw refusal(
      `unknown name "${name}"; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}${didYouMean(name, names)}`,
    );
  const why = refuse(path);
  if (why !== undefined) throw refusal(why);
  return path;
};

const bind = (node: CelNode, locals: readonly string[], { names }: Names): readonly string[] => {
  if (node.op !== 'comprehension') return locals;
  const { iterVarName } = node.args as Comprehension;
  if (names.includes(iterVarName))
    throw refusal(`"${iterVarName}" has a meaning here; choose another name for the element`);
  return [...locals, iterVarName];
};

const checkCall = (node: CelNode): void => {
  if (node.op !== 'call' && node.op !== 'rcall') return;
  const name = (node.args as [string])[0];
  const known: readonly string[] = node.op === 'call' ? FUNCTIONS : METHODS;
  if (!known.includes(name))
    throw refusal(`unknown function "${name}()"; there are ${known.join(', ')}${didYouMean(name, known)}`);
};
