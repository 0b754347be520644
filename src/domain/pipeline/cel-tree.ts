import { SignalboxError } from '../errors.js';
import { FUNCTIONS, isScopeName, METHODS, SCOPE_NAMES, type ScopeName } from './cel.js';
import { didYouMean } from './suggest.js';

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

/** What an expression reads, known without evaluating it. */
export interface References {
  readonly scope: ReadonlySet<ScopeName>;
  readonly params: ReadonlySet<string>;
  readonly tasks: ReadonlySet<string>;
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

/** Reads an expression's tree: which names it uses. Throws on an unknown name or function. */
export const readReferences = (root: CelNode): References => {
  const found = { scope: new Set<ScopeName>(), params: new Set<string>(), tasks: new Set<string>() };
  const visit = (node: CelNode, locals: readonly string[]): void => {
    checkCall(node);
    const selection = selected(node, locals);
    if (selection) {
      found.scope.add(selection.scope);
      if (selection.scope !== 'tasks') found.params.add(selection.key);
      else found.tasks.add(selection.key);
      return;
    }
    if (node.op === 'id' && !locals.includes(node.args as string)) addName(node.args as string);
    const inner = bind(node, locals);
    for (const child of children(node)) visit(child, inner);
  };
  const addName = (name: string): void => {
    if (!isScopeName(name))
      throw refusal(
        `unknown name "${name}"; there are ${SCOPE_NAMES.join(', ')}${didYouMean(name, SCOPE_NAMES)}`,
      );
    if (name === 'tasks') throw refusal('tasks stands alone; name the task: tasks.NAME or tasks["NAME"]');
    found.scope.add(name);
  };
  visit(effective(root), []);
  return found;
};

/** `params.x`, `params["x"]`, `tasks.x`, `tasks["x"]`: which member of which. */
const selected = (node: CelNode, locals: readonly string[]) => {
  if (node.op !== '.' && node.op !== '[]') return null;
  const [from, key] = node.args as [CelNode, string | CelNode];
  if (from.op !== 'id' || (from.args !== 'params' && from.args !== 'tasks')) return null;
  if (locals.includes(from.args)) return null;
  const name = typeof key === 'string' ? key : key.op === 'value' ? key.args : null;
  return typeof name === 'string' ? { scope: from.args as 'params' | 'tasks', key: name } : null;
};

const bind = (node: CelNode, locals: readonly string[]): readonly string[] => {
  if (node.op !== 'comprehension') return locals;
  const { iterVarName } = node.args as Comprehension;
  if (isScopeName(iterVarName))
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
