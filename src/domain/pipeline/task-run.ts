import { SignalboxError } from '../errors.js';
import { type FileRef, isFileRef, type JsonValue } from '../json.js';
import { MAX_ITEMS } from '../run.js';
import type { TaskRun } from '../task-activity.js';
import { asText, conditionExpression, evaluate, render, type Scope } from './expressions.js';
import type { Task } from './schema.js';

type Run = Task['run'];

/** A task's work with every expression evaluated. Throws `invalid-expression`. */
export const toTaskRun = (run: Run, scope: Scope): TaskRun => {
  const text = (value: JsonValue): string => asText(render(value, scope));
  const texts = (values: Readonly<Record<string, JsonValue>> = {}) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, text(value)]));

  if ('command' in run)
    return {
      kind: 'command',
      command: typeof run.command === 'string' ? text(run.command) : run.command.map(text),
      env: Object.fromEntries(
        Object.entries(run.env ?? {}).map(([key, v]) => [key, variable(render(v, scope))]),
      ),
      ...(run.cwd === undefined ? {} : { cwd: text(run.cwd) }),
      outputs: run.outputs ?? [],
    };
  if ('sql' in run)
    return {
      kind: 'sql',
      statements: [run.sql].flat().map(text),
      assertions: Object.entries(texts(run.assert)).map(([name, sql]) => ({ name, sql })),
      files: texts(run.files),
    };
  if ('http' in run) {
    const { url, method, headers, body, retryableStatuses, download } = run.http;
    return {
      kind: 'http',
      method,
      url: text(url),
      headers: texts(headers),
      ...(body === undefined ? {} : { body: render(body, scope) }),
      retryableStatuses,
      ...(download === undefined ? {} : { download: text(download) }),
    };
  }
  return { kind: 'function', name: text(run.function), input: render(run.input ?? null, scope) };
};

/** Null unsets nothing: a variable without a value is empty. */
const variable = (value: JsonValue): string => (value === null ? '' : asText(value));

/** The items of a fan-out, each with its expressions evaluated; null for a task without `forEach`. */
export const fanOutItems = (task: Task, scope: Scope): readonly JsonValue[] | null => {
  if (task.forEach === undefined) return null;
  const items =
    typeof task.forEach === 'string'
      ? evaluate(conditionExpression(task.forEach), scope)
      : render(task.forEach, scope);
  if (!Array.isArray(items))
    throw fanOutError(`gave ${JSON.stringify(items).slice(0, 80)}, which is no list`);
  if (items.length > MAX_ITEMS) throw fanOutError(`gave ${items.length} items; ${MAX_ITEMS} is the most`);
  return items;
};

const fanOutError = (why: string) => new SignalboxError('invalid-expression', `forEach ${why}`);

/**
 * Everything a task's result depends on, as one canonical text: its work, rendered with files named by their content instead of
 * their place, so that another run with the same inputs gives the same text.
 */
export const cacheInputs = (run: Run, scope: Scope): string =>
  canonical(
    toTaskRun(run, byContent(scope as unknown as JsonValue) as unknown as Scope) as unknown as JsonValue,
  );

const byContent = (value: JsonValue): JsonValue => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(byContent);
  if (isFileRef(value)) return { ...(value as FileRef), uri: `workspace://sha256/${value.sha256}` };
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, byContent(member)]));
};

const canonical = (value: JsonValue): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
};
