import { type Policy, readPolicy } from '../planner/index.js';
import { inFile, readText } from './documents.js';
import { PACKAGE_ROOT } from './package-root.js';

const DEFAULT = `${PACKAGE_ROOT}policies/default.yaml`;

/** The policy of a file, else the default policy that ships. Throws `invalid-document` with every mistake. */
export const loadPolicy = async (file = DEFAULT): Promise<Policy> => (await loadPolicyText(file)).policy;

/** The same with the text that it was read from. */
export const loadPolicyText = async (file = DEFAULT): Promise<{ policy: Policy; text: string }> => {
  const text = await readText(file);
  try {
    return { policy: readPolicy(text), text };
  } catch (error) {
    throw inFile(error, file);
  }
};
