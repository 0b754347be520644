import { didYouMean } from '../document/suggest.js';
import { isShallow, MAX_DEPTH, shown } from '../document/values.js';
import type { Problem } from '../errors.js';
import type { JsonValue } from '../json.js';
import type { Parameter, Pipeline } from './schema.js';
import { isOfType, typeInWords } from './values.js';

/** The values a run is given. */
export type Params = Readonly<Record<string, JsonValue>>;
/** A run's parameters, complete and checked; or everything that is wrong with them. */
export type ReadParameters = { readonly params: Params } | { readonly problems: readonly Problem[] };

/** Completes what a run is given with the defaults, and checks it against what the pipeline declares. */
export const readParameters = (pipeline: Pipeline, given: Params): ReadParameters => {
  const declared = Object.entries(pipeline.parameters);
  const names = declared.map(([name]) => name);
  const problems: Problem[] = Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name) => unknown(name, names));
  const params = declared.flatMap(([name, parameter]) => {
    const value = Object.hasOwn(given, name) ? given[name] : parameter.default;
    const problem = check(name, parameter, value);
    if (problem) problems.push(problem);
    return value === undefined ? [] : [[name, value] as const];
  });
  return problems.length > 0 ? { problems } : { params: Object.fromEntries(params) };
};

/** Reads `name=value` as a command line gives it: by the declared type a text, a number, true or false, or JSON. */
export const parseParameterText = (pipeline: Pipeline, assignments: readonly string[]): ReadParameters => {
  const problems: Problem[] = [];
  const params = new Map<string, JsonValue>();
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    const name = at < 0 ? assignment : assignment.slice(0, at);
    const value = at < 0 ? undefined : parse(assignment.slice(at + 1), declaration(pipeline, name));
    if (value === undefined)
      problems.push({
        path: `params.${name}`,
        message: `"${assignment}" has no value`,
        mend: `write ${name || 'NAME'}=VALUE`,
      });
    else if (params.has(name))
      problems.push({ path: `params.${name}`, message: `"${name}" is given twice`, mend: 'give it once' });
    else params.set(name, value);
  }
  const read = readParameters(pipeline, Object.fromEntries(params));
  if (problems.length === 0) return read;
  return { problems: [...problems, ...('problems' in read ? read.problems : [])] };
};

const declaration = (pipeline: Pipeline, name: string): Parameter | undefined =>
  Object.hasOwn(pipeline.parameters, name) ? pipeline.parameters[name] : undefined;

/** A text that is no value of its type stays a text, for the check to name. */
const parse = (text: string, parameter: Parameter | undefined): JsonValue => {
  if (parameter === undefined || parameter.type === 'string') return text;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
};

const unknown = (name: string, names: readonly string[]): Problem => ({
  path: `params.${name}`,
  message: `unknown parameter "${name}"`,
  mend:
    names.length === 0
      ? 'leave it out; this pipeline takes none'
      : `use one of ${names.join(', ')}${didYouMean(name, names)}`,
});

const check = (
  name: string,
  { type, enum: allowed }: Parameter,
  value: JsonValue | undefined,
): Problem | null => {
  const path = `params.${name}`;
  const inWords = typeInWords(type);
  if (value === undefined)
    return { path, message: `missing parameter "${name}"`, mend: `give ${inWords}: --param ${name}=…` };
  if (!isOfType(value, type))
    return { path, message: `${shown(value)} is not ${inWords}`, mend: `give ${inWords}` };
  if (!isShallow(value)) return { path, message: `nested more than ${MAX_DEPTH} deep`, mend: 'flatten it' };
  if (allowed && !allowed.some((option) => option === value))
    return { path, message: `${shown(value)} is not allowed`, mend: `give one of ${allowed.join(', ')}` };
  return null;
};
