import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tsImport } from 'tsx/esm/api';
import type { TaskFunction, TaskFunctions } from '../activities/tasks/index.js';
import { SignalboxError } from '../src/domain/index.js';

/**
 * Loads the functions of a worker: each module exports them by name, as `functions` or as its default. TypeScript is loaded
 * as it stands. Throws `invalid-functions` for a file that is missing, broken or exports none, and for a name given twice.
 */
export const loadFunctions = async (files: readonly string[]): Promise<TaskFunctions> => {
  const all: Record<string, TaskFunction> = {};
  for (const file of files) {
    for (const [name, f] of Object.entries(await functionsOf(resolve(file)))) {
      if (name in all) throw invalid(file, `the function "${name}" is there twice`);
      all[name] = f;
    }
  }
  return all;
};

const functionsOf = async (file: string): Promise<Record<string, TaskFunction>> => {
  if (!existsSync(file)) throw invalid(file, 'there is no such file');
  const module = await load(file);
  const exported = module.functions ?? module.default;
  if (typeof exported !== 'object' || exported === null) throw invalid(file, 'it exports no functions');
  for (const [name, f] of Object.entries(exported)) {
    if (typeof f !== 'function') throw invalid(file, `"${name}" is no function`);
  }
  return exported as Record<string, TaskFunction>;
};

const load = async (file: string): Promise<Record<string, unknown>> => {
  const url = pathToFileURL(file).href;
  try {
    return await (/\.[cm]?tsx?$/.test(file) ? tsImport(url, import.meta.url) : import(url));
  } catch (cause) {
    throw invalid(file, (cause as Error).message, cause);
  }
};

const invalid = (file: string, why: string, cause?: unknown) =>
  new SignalboxError('invalid-functions', `Cannot take functions from ${file}: ${why}.`, [], { cause });
