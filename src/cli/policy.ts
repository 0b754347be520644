import { readdir } from 'node:fs/promises';
import type { ApiClient } from '../api/client/index.js';
import { didYouMean } from '../domain/document/index.js';
import { type Policy, readPolicy } from '../planner/index.js';
import { inFile, readText } from './documents.js';
import { invalidOption } from './invalid-option.js';
import { PACKAGE_ROOT } from './package-root.js';

const FOLDER = `${PACKAGE_ROOT}policies`;

/** A policy with the text that it was read from, and what to call it. */
export interface NamedPolicy {
  readonly label: string;
  readonly policy: Policy;
  readonly text: string;
}

/** The policy of a file, else the default policy that ships. Throws `invalid-document` with every mistake. */
export const loadPolicy = async (file?: string): Promise<Policy> => (await loadPolicyText(file)).policy;

/** The same with the text that it was read from. */
export const loadPolicyText = async (file = `${FOLDER}/default.yaml`): Promise<NamedPolicy> => {
  const text = await readText(file);
  try {
    return { label: file, policy: readPolicy(text), text };
  } catch (error) {
    throw inFile(error, file);
  }
};

/** What has a path or an ending is a file; all else names a policy that ships. */
export const isPolicyFile = (name: string): boolean => name === '-' || /[/\\.]/.test(name);

/** The file of a policy that ships. Throws `invalid-option` where none has that name. */
export const shippedPolicy = async (name: string): Promise<string> => {
  const shipped = (await readdir(FOLDER)).filter((file) => file.endsWith('.yaml'));
  if (shipped.includes(`${name}.yaml`)) return `${FOLDER}/${name}.yaml`;
  const names = shipped.map((file) => file.replace(/\.yaml$/, '')).sort();
  throw invalidOption(
    `There is no policy '${name}'; there are ${names.join(', ')}, or give a file: ./${name}.yaml${didYouMean(name, names)}.`,
  );
};

/** A policy by its file, by the name of one that ships, by the version of one that is stored, or `active`. */
export const findPolicy = async (
  name: string,
  client: () => Pick<ApiClient, 'getPolicy'>,
): Promise<NamedPolicy> => {
  if (isPolicyFile(name)) return loadPolicyText(name);
  if (name !== 'active' && !name.includes('@')) return loadPolicyText(await shippedPolicy(name));
  const { version, text } = await client().getPolicy(name === 'active' ? undefined : name);
  return { label: version, policy: { ...readPolicy(text), version }, text };
};
