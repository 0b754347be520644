import { gather, type Mistake, type Path } from '../document/mistakes.js';
import { didYouMean } from '../document/suggest.js';
import { SignalboxError } from '../errors.js';
import type { Draft, DraftTask } from './draft.js';
import { conditionExpression, parseTemplate, type References, references } from './expressions.js';
import { reachability } from './graph.js';
import { unknownTask } from './rules.js';

/** One expression of a document, and where it stands. */
interface Found {
  readonly path: Path;
  readonly expression: string;
  readonly mayReadItem: boolean;
  /** The CEL type that its place wants, where it wants one. */
  readonly expected?: 'bool' | 'list';
}

/** An expression with all that its check needs to know. */
interface Site extends Found {
  readonly task: DraftTask;
  readonly draft: Draft;
  /** Whether a task needs another, directly or not; undefined where cycles hide it. */
  readonly needs: (task: string, other: string) => boolean | undefined;
}

const TASK_FIELDS = ['outputs', 'status', 'items', 'error'];
const RUN_FIELDS = ['id', 'pipeline', 'tenant'];

/** Checks every expression of a document: its syntax, its types, and that what it reads exists and is there in time. */
export const checkExpressions = (draft: Draft): readonly Mistake[] => {
  const graph = [...draft.tasks].map(
    ([name, task]) => [name, task.needs.filter((need) => need !== null)] as const,
  );
  const needs = reachability(new Map(graph));
  return gather(draft.tasks.values(), (task) =>
    gather(placesOf(task, draft), (place) => {
      const { found, mistakes } = expressionsAt(place);
      return [...mistakes, ...gather(found, (one) => checkOne({ ...one, task, draft, needs }))];
    }),
  );
};

/** A text that holds expressions: a template, or one whole expression. */
type TextPlace = Omit<Found, 'expression'> & { readonly text: string };

const placesOf = ({ name, raw }: DraftTask, draft: Draft): readonly TextPlace[] => {
  const owner = draft.handlers.get(name)?.of ?? name;
  const mayReadItem = draft.tasks.get(owner)?.raw.forEach !== undefined;
  const whole = (
    key: string,
    text: unknown,
    expected: 'bool' | 'list',
    item: boolean,
  ): readonly TextPlace[] =>
    typeof text === 'string' && text !== ''
      ? [{ path: ['tasks', name, key], text, expected, mayReadItem: item }]
      : [];
  return [
    ...textsIn(raw.run, ['tasks', name, 'run']).map((text) => ({ ...text, mayReadItem })),
    ...whole('when', raw.when, 'bool', mayReadItem),
    ...whole('forEach', raw.forEach, 'list', false),
    ...(Array.isArray(raw.forEach) ? textsIn(raw.forEach, ['tasks', name, 'forEach']) : []).map((text) => ({
      ...text,
      mayReadItem: false,
    })),
  ];
};

const textsIn = (value: unknown, path: Path): readonly { readonly path: Path; readonly text: string }[] => {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((element, i) => textsIn(element, [...path, i]));
  return Object.entries(value).flatMap(([key, member]) => textsIn(member, [...path, key]));
};

const expressionsAt = ({
  text,
  ...place
}: TextPlace): { found: readonly Found[]; mistakes: readonly Mistake[] } => {
  try {
    const expressions = place.expected
      ? [conditionExpression(text)]
      : parseTemplate(text).flatMap((part) => (part.kind === 'expression' ? [part.expression] : []));
    return { found: expressions.map((expression) => ({ ...place, expression })), mistakes: [] };
  } catch (error) {
    return { found: [], mistakes: [invalid(place.path, error)] };
  }
};

const invalid = (path: Path, error: unknown): Mistake => {
  if (!(error instanceof SignalboxError)) throw error;
  return { path, message: error.message, mend: 'correct the expression; it is CEL (cel.dev)' };
};

const checkOne = (site: Site): readonly Mistake[] => {
  const at = { text: site.expression };
  const mistakes = [dashed(site) ?? []].flat();
  try {
    if (mistakes.length === 0) mistakes.push(...checkReferences(references(site.expression), site));
  } catch (error) {
    mistakes.push(invalid(site.path, error));
  }
  return mistakes.map((mistake) => ({ ...mistake, at }));
};

const checkReferences = ({ reads, type }: References, site: Site): readonly Mistake[] => {
  const mistakes = reads.flatMap((read) => checkRead(read, site));
  const { path, expression, expected } = site;
  if (!expected || type === 'dyn' || type.startsWith(expected)) return mistakes;
  const mend =
    expected === 'bool' ? 'compare it with something: a condition gives true or false' : 'give a list';
  return [...mistakes, { path, message: `\${{ ${expression} }} gives ${type}`, mend }];
};

const checkRead = ([name, key, field]: readonly string[], site: Site): readonly Mistake[] => {
  const { path, mayReadItem, draft } = site;
  if ((name === 'item' || name === 'index') && !mayReadItem)
    return [
      {
        path,
        message: `"${name}" is known only in a task with forEach`,
        mend: `add forEach to this task, or do without ${name}`,
      },
    ];
  if (key === undefined) return [];
  if (name === 'run' && !RUN_FIELDS.includes(key)) return [unknownField(`run.${key}`, key, RUN_FIELDS, path)];
  if (name === 'params' && !draft.parameters.has(key)) return [unknownParameter(key, site)];
  return name === 'tasks' ? checkTaskRead(key, field, site) : [];
};

const unknownField = (shown: string, field: string, known: readonly string[], path: Path): Mistake => ({
  path,
  message: `unknown "${shown}"`,
  mend: `use one of ${known.join(', ')}${didYouMean(field, known)}`,
});

const unknownParameter = (name: string, { path, draft }: Site): Mistake => {
  const hint = didYouMean(name, [...draft.parameters.keys()]);
  return { path, message: `unknown parameter "${name}"`, mend: `declare it under parameters${hint}` };
};

const checkTaskRead = (read: string, field: string | undefined, site: Site): readonly Mistake[] => {
  const { path, draft } = site;
  const target = draft.tasks.get(read);
  if (!target) return [unknownTask(read, path, draft)];
  if (field !== undefined && !TASK_FIELDS.includes(field))
    return [unknownField(`tasks.${read}.${field}`, field, TASK_FIELDS, path)];
  if (field === 'items' && target.raw.forEach === undefined)
    return [
      { path, message: `"${read}" has no items: it has no forEach`, mend: `read tasks.${read}.outputs` },
    ];
  return checkOrder(read, site);
};

/** `tasks.load-data` is a subtraction to CEL. */
const dashed = ({ path, expression, draft }: Site): Mistake | undefined => {
  const named = [...expression.matchAll(/\btasks\.([a-zA-Z][\w-]*)/g)].map(([, name = '']) => name);
  const meant = named.find((name) => name.includes('-') && draft.tasks.has(name));
  if (meant === undefined) return undefined;
  const message = `"tasks.${meant}" is read as a subtraction, because of the dash`;
  return { path, message, mend: `write tasks["${meant}"]` };
};

/** What is read must have ended: it is needed, directly or not; a task that stands by may read the one it stands by for. */
const checkOrder = (read: string, { path, task, draft, needs }: Site): readonly Mistake[] => {
  if (read === task.name)
    return [{ path, message: `"${read}" reads itself`, mend: 'read a task that ends before it' }];
  const standsFor = draft.handlers.get(read)?.of;
  if (standsFor !== undefined)
    return [
      {
        path,
        message: `"${read}" only stands by for "${standsFor}"`,
        mend: `read tasks.${standsFor} instead`,
      },
    ];
  const owner = draft.handlers.get(task.name)?.of;
  const needer = owner ?? task.name;
  if (read === owner || needs(needer, read) !== false) return [];
  const message = `reads task "${read}", which "${needer}" does not need`;
  return [{ path, message, mend: `add ${read} to the needs of ${needer}` }];
};
