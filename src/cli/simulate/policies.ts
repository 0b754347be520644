import { readdir } from 'node:fs/promises';
import type { Policy } from '../../planner/index.js';
import type { Mistakes } from '../../simulator/index.js';
import { PACKAGE_ROOT } from '../package-root.js';
import { loadPolicy } from '../policy.js';
import { invalidOption } from './invalid-option.js';

/** A policy to try, and the name that tells it from the others. */
export interface Candidate {
  readonly label: string;
  readonly policy: Policy;
}

/** Reads policies by the name of one that ships or by file; notes what is wrong with each. */
export const loadCandidates = async (
  asked: readonly string[],
  mistakes: Mistakes,
): Promise<readonly Candidate[]> => {
  const found: { asked: string; policy: Policy }[] = [];
  for (const name of asked) {
    try {
      found.push({ asked: name, policy: await loadPolicy(await fileOf(name)) });
    } catch (error) {
      mistakes.addError(error);
    }
  }
  return found.map(({ asked: name, policy }) => ({ policy, label: labelOf(name, policy, found) }));
};

/** A policy's own name; with what was asked for where two share it. */
const labelOf = (asked: string, policy: Policy, all: readonly { readonly policy: Policy }[]): string =>
  all.filter((other) => other.policy.name === policy.name).length > 1 && asked !== policy.name
    ? `${policy.name} (${asked})`
    : policy.name;

/** What has a path or an ending is a file; all else names a policy that ships. */
const fileOf = async (name: string): Promise<string> => {
  if (/[/\\.]/.test(name)) return name;
  const folder = `${PACKAGE_ROOT}policies`;
  const shipped = (await readdir(folder)).filter((file) => file.endsWith('.yaml'));
  if (shipped.includes(`${name}.yaml`)) return `${folder}/${name}.yaml`;
  const names = shipped.map((file) => file.replace(/\.yaml$/, '')).sort();
  throw invalidOption(
    `There is no policy '${name}'; there are ${names.join(', ')}, or give a file: ./${name}.yaml.`,
  );
};
