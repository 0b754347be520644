import { type Policy, unmatchedRules } from '../../planner/index.js';
import { factsOf, type Mistakes, type Workload } from '../../simulator/index.js';
import { note } from '../output/terminal.js';
import { isPolicyFile, loadPolicy, shippedPolicy } from '../policy.js';

/** A policy to try, and the name that tells it from the others. */
export interface Candidate {
  readonly label: string;
  readonly policy: Policy;
  /** Its document; null for one that ships. */
  readonly file: string | null;
}

/**
 * Reads policies by the name of one that ships or by file; notes what is wrong with each. Preemption is taken from all, or given to
 * those that have none in the way of the default policy.
 */
export const loadCandidates = async (
  asked: readonly string[],
  preemption: 'on' | 'off' | undefined,
  mistakes: Mistakes,
): Promise<readonly Candidate[]> => {
  const found: Candidate[] = [];
  for (const name of asked) {
    try {
      const file = isPolicyFile(name) ? name : null;
      const policy = await preempting(await loadPolicy(file ?? (await shippedPolicy(name))), preemption);
      found.push({ label: policy.name, policy, file });
    } catch (error) {
      mistakes.addError(error);
    }
  }
  return found.map((candidate) => ({ ...candidate, label: labelOf(candidate, found) }));
};

const preempting = async (policy: Policy, preemption: 'on' | 'off' | undefined): Promise<Policy> => {
  const { preemption: own, ...rest } = policy;
  if (preemption === 'off') return rest;
  if (preemption === undefined || own !== undefined) return policy;
  const { preemption: usual } = await loadPolicy();
  return usual === undefined ? policy : { ...policy, preemption: usual };
};

/** A policy's own name; with its file's where two share it. */
const labelOf = ({ policy: { name }, file }: Candidate, all: readonly Candidate[]): string =>
  file !== null && all.filter(({ policy }) => policy.name === name).length > 1 ? `${name} (${file})` : name;

/**
 * Notes the rules, windows and holds of a document that are for none of the workload's tasks: most likely they are misspelt. One
 * that ships is meant for any workload, so that of it a person is only told.
 */
export const checkMatches = (
  candidates: readonly Candidate[],
  workload: Workload,
  mistakes: Mistakes,
): void => {
  for (const { policy, label, file } of candidates)
    for (const name of unmatchedRules(policy, factsOf(workload))) {
      const message = `${name} matches none of the workload's tasks`;
      if (file === null) note(`${label}: ${message}.`);
      else mistakes.add({ file, path: '', message, mend: 'correct its condition, or leave it out' });
    }
};
