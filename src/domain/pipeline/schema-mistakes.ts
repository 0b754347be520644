import { member } from '../document/json-schema.js';
import type { Mistake, Path } from '../document/mistakes.js';
import { type Broken, explainIssues, type Issue, wrongType } from '../document/schema-mistakes.js';
import { nearest } from '../document/suggest.js';
import { shown } from '../document/values.js';
import { pipelineJsonSchema } from './json-schema.js';
import { type Pipeline, pipelineSchema, RUN_KINDS } from './schema.js';

/** What the schema finds in a document, in words; or the pipeline with its defaults filled in. */
export const checkSchema = (document: unknown): { pipeline?: Pipeline; mistakes: readonly Mistake[] } => {
  const parsed = pipelineSchema.safeParse(document);
  if (parsed.success) return { pipeline: parsed.data, mistakes: [] };
  const schema = pipelineJsonSchema();
  return { mistakes: explainIssues(parsed.error.issues, { document, schema, union: explainRun }) };
};

/** The kind of work decides which of the schema's complaints matter. */
const explainRun = (
  { errors }: { readonly errors: readonly (readonly Issue[])[] },
  path: Path,
  broken: Broken,
): readonly Mistake[] | undefined => {
  if (path.at(-1) !== 'run' || path.length !== 3) return undefined;
  const run = path.reduce<unknown>(member, broken.document);
  const kinds = RUN_KINDS.join(', ');
  if (typeof run === 'string')
    return [
      { path, message: `expected a map, got ${shown(run)}`, mend: `write run: { command: ${shown(run)} }` },
    ];
  if (typeof run !== 'object' || run === null || Array.isArray(run)) return [wrongType('object', run, path)];
  const named = RUN_KINDS.filter((kind) => Object.hasOwn(run, kind));
  const [kind] = named;
  if (named.length > 1)
    return [
      {
        path,
        message: `names ${named.length} kinds of work: ${named.join(' and ')}`,
        mend: 'keep one, and make a task of the other',
      },
    ];
  if (kind === undefined) {
    const meant = Object.keys(run).flatMap((key) => nearest(key, RUN_KINDS) ?? [])[0];
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
    return [{ path, message: 'names no kind of work', mend: `give one of ${kinds}${hint}`, at: 'key' }];
  }
  const issues = errors[RUN_KINDS.indexOf(kind)] ?? [];
  return explainIssues(issues, broken, path);
};
