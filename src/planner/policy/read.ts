import { LineCounter, parseDocument } from 'yaml';
import { type Problem, SignalboxError } from '../../domain/index.js';
import { digest } from '../digest.js';
import { type PolicyDocument, policySchema } from './schema.js';

/** A checked policy with the version that decisions name: its name and a digest of its content. */
export type Policy = PolicyDocument & { readonly version: string };

/** Reads a policy document. Throws `invalid-document` with every mistake, its path and its line. */
export const readPolicy = (text: string): Policy => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [syntax] = document.errors;
  if (syntax) throw refused([{ path: '', message: syntax.message, mend: 'Correct the YAML.' }]);
  const result = policySchema.safeParse(document.toJS());
  if (result.success) {
    return { ...result.data, version: `${result.data.name}@${digest(JSON.stringify(result.data))}` };
  }
  throw refused(
    result.error.issues.map(({ path, message }) => ({
      path: path.join('.'),
      message,
      mend: 'See policies/default.yaml, where every field is explained.',
      ...place(document, path, lines),
    })),
  );
};

const refused = (problems: readonly Problem[]): SignalboxError =>
  new SignalboxError(
    'invalid-document',
    `The policy has ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}: ${problems
      .map(({ path, message, line }) => `${line ? `line ${line}: ` : ''}${path ? `${path}: ` : ''}${message}`)
      .join('; ')}`,
    problems,
  );

/** The line and column of the nearest part of the document that exists. */
const place = (
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  lines: LineCounter,
): { line?: number; column?: number } => {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as
      | { range?: [number, number, number] }
      | undefined;
    if (node?.range) {
      const { line, col } = lines.linePos(node.range[0]);
      return { line, column: col };
    }
  }
  return {};
};
