import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import { type FileRef, isFileRef, type JsonValue, MAX_TASK_OUTPUT_BYTES } from '../../src/domain/index.js';
import type { Attempt, Outputs } from './attempt.js';
import { TaskFailure } from './failure.js';

/** The most that an outputs file may hold before any of it is looked at. */
const MAX_OUTPUT_FILE_BYTES = 64 * 1024 * 1024;

/** Everybody after us walks outputs by recursion, the workflow included. */
const MAX_DEPTH = 100;

/** Reads the JSON file that a task wrote its outputs to; an absent or empty file means none. */
export const readOutputFile = async (file: string): Promise<Outputs> => {
  const found = await stat(file).catch(() => null);
  if (found !== null && !found.isFile())
    throw new TaskFailure(
      'output-invalid',
      'SIGNALBOX_OUTPUT is no file any more: the task put something else there.',
    );
  const size = found?.size ?? 0;
  if (size === 0) return {};
  if (size > MAX_OUTPUT_FILE_BYTES) {
    throw new TaskFailure(
      'output-too-large',
      `SIGNALBOX_OUTPUT holds ${size} bytes; write large values to files.`,
    );
  }
  return checkedOutputs(parsed(await readFile(file, 'utf8')));
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new TaskFailure('output-invalid', `SIGNALBOX_OUTPUT holds no valid JSON: ${why}`, { cause });
  }
};

/** Outputs are a JSON object, name by name. Throws `output-invalid` for anything else. */
export const checkedOutputs = (value: unknown): Outputs => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TaskFailure('output-invalid', 'Outputs must be one JSON object of names and values.');
  if (depthOf(value) > MAX_DEPTH)
    throw new TaskFailure('output-invalid', `Outputs may be nested ${MAX_DEPTH} deep at most.`);
  return value as Outputs;
};

/** Level by level: recursion is what too deep a value would break. */
const depthOf = (value: unknown): number => {
  let level = [value];
  for (let depth = 0; ; depth++) {
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
    if (level.length === 0 || depth > MAX_DEPTH) return depth;
  }
};

/** Fails the attempt where an output that the task promised is missing. */
export const requireOutputs = (outputs: Outputs, promised: readonly string[]): void => {
  const missing = promised.filter((name) => !(name in outputs));
  if (missing.length === 0) return;
  throw new TaskFailure('output-missing', `The task did not write its outputs ${missing.join(', ')}.`);
};

/**
 * Makes outputs fit to leave the node: `{"$file": path}` becomes a reference to the stored file, and where the values
 * together exceed 8 KiB the largest are stored as JSON files, until the rest fits.
 */
export const publishOutputs = async (attempt: Attempt, raw: Outputs): Promise<Outputs> => {
  const outputs: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(raw)) outputs[name] = await publishFiles(attempt, value);
  const bySize = Object.entries(outputs)
    .filter(([, value]) => !isFileRef(value))
    .sort(([, a], [, b]) => sizeOf(b) - sizeOf(a));
  for (const [name, value] of bySize) {
    if (sizeOf(outputs) <= MAX_TASK_OUTPUT_BYTES) break;
    const bytes = Buffer.from(JSON.stringify(value));
    outputs[name] = asJson(await attempt.put(`outputs/${name}.json`, { bytes }));
  }
  if (sizeOf(outputs) <= MAX_TASK_OUTPUT_BYTES) return outputs;
  throw new TaskFailure(
    'output-too-large',
    `The outputs exceed ${MAX_TASK_OUTPUT_BYTES} bytes even as references; combine them into fewer.`,
  );
};

const sizeOf = (value: JsonValue): number => Buffer.byteLength(JSON.stringify(value));
const asJson = (file: FileRef): JsonValue => ({ ...file });

const publishFiles = async (attempt: Attempt, value: JsonValue): Promise<JsonValue> => {
  if (Array.isArray(value)) {
    const items: JsonValue[] = [];
    for (const item of value) items.push(await publishFiles(attempt, item));
    return items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const { $file: path, ...rest } = value as Record<string, JsonValue>;
  if (typeof path === 'string' && Object.keys(rest).length === 0) return publishFile(attempt, path);
  const published: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(value)) published[key] = await publishFiles(attempt, item);
  return published;
};

/** Stores a file that the task wrote; a path is relative to the attempt's folder. */
export const publishFile = async (attempt: Attempt, path: string): Promise<JsonValue> => {
  const file = await realpath(resolve(attempt.folder, path)).catch(() => null);
  if (file === null || !(await stat(file)).isFile()) {
    throw new TaskFailure('output-missing', `There is no file ${path} to publish.`);
  }
  const within = relative(await realpath(attempt.folder), file);
  const name = within.startsWith('..') ? `files/${basename(file)}` : within.split(sep).join('/');
  return asJson(await attempt.put(name, { file }));
};
