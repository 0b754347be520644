import { z } from 'zod';
import {
  explainIssues,
  type JsonSchema,
  listed,
  type Mistake,
  type PlacedProblem,
  readSource,
} from '../../domain/document/index.js';
import { SignalboxError } from '../../domain/index.js';
import { digest } from '../digest.js';
import { checkAmounts } from './check-amounts.js';
import { checkConditions } from './check-conditions.js';
import { checkElements } from './check-elements.js';
import { checkOrdering } from './check-ordering.js';
import { readDraft } from './draft.js';
import { type PolicyDocument, policySchema } from './schema.js';

/** A checked policy with the version that decisions name: its name and a digest of its content. Frozen. */
export type Policy = PolicyDocument & { readonly version: string };

/** Reads a policy document (YAML or JSON). Throws `invalid-document` with every mistake, its path, line and mend. */
export const readPolicy = (text: string): Policy => {
  const source = readSource(text);
  if ('textMistakes' in source)
    throw refused(source.textMistakes.map((mistake) => ({ path: '', ...mistake })));
  if (source.value === null && source.mistakes.length === 0) throw refused([EMPTY]);
  const { policy, mistakes } = checkDocument(source.value);
  const problems = listed(mistakes, source);
  if (policy === undefined || problems.length > 0) throw refused(problems);
  return frozen({ ...policy, version: `${policy.name}@${digest(JSON.stringify(policy))}` });
};

const EMPTY: PlacedProblem = {
  line: 1,
  column: 1,
  path: '',
  message: 'the document is empty',
  mend: 'begin with apiVersion: signalbox/v1, kind: Policy and a name',
};

const checkDocument = (
  document: unknown,
): { policy: PolicyDocument | undefined; mistakes: readonly Mistake[] } => {
  const parsed = policySchema.safeParse(document);
  const draft = readDraft(document);
  const mistakes = [
    ...explainIssues(parsed.error?.issues ?? [], { document, schema: jsonSchema() }),
    ...checkOrdering(draft),
    ...checkAmounts(draft),
    ...checkElements(draft),
    ...checkConditions(draft),
  ];
  return { policy: parsed.data, mistakes };
};

let made: JsonSchema | undefined;
const jsonSchema = (): JsonSchema => {
  made ??= z.toJSONSchema(policySchema, { io: 'input' }) as JsonSchema;
  return made;
};

/** The sentence tells the first; all are in the list. */
const refused = (problems: readonly PlacedProblem[]): SignalboxError => {
  const [first] = problems;
  const many = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes, the first`;
  const where = first && `line ${first.line}${first.path === '' ? '' : `, ${first.path}`}`;
  return new SignalboxError(
    'invalid-document',
    `The policy has ${many}: ${where}: ${first?.message} — ${first?.mend}`,
    problems,
  );
};

const frozen = <Value>(value: Value): Value => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
};
