import { type Policy, readPolicy } from '../planner/index.js';
import { inFile, readText } from './documents.js';
import { PACKAGE_ROOT } from './package-root.js';

/** The policy of a file, else the default policy that ships. Throws `invalid-document` with every mistake. */
export const loadPolicy = async (file = `${PACKAGE_ROOT}policies/default.yaml`): Promise<Policy> => {
  const text = await readText(file);
  try {
    return readPolicy(text);
  } catch (error) {
    throw inFile(error, file);
  }
};
