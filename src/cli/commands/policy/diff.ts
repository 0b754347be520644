import { type PolicyChange, policyChanges } from '../../../planner/index.js';
import { type ApiOptions, openClient } from '../../address.js';
import { note, printJson, type Terminal, terminal } from '../../output/terminal.js';
import { findPolicy } from '../../policy.js';

/** `signalbox policy diff A [B]`: what B says otherwise than A, field by field; with one, what it says otherwise than that in force. */
export const diffPolicies = async (
  first: string,
  second: string | undefined,
  options: ApiOptions,
): Promise<void> => {
  const client = () => openClient(options);
  const from = await findPolicy(second === undefined ? 'active' : first, client);
  const to = await findPolicy(second ?? first, client);
  const changes = policyChanges(from.policy, to.policy);
  if (options.json)
    return printJson({
      from: from.policy.version,
      to: to.policy.version,
      changes: changes.map(({ path, before = null, after = null }) => ({ path, before, after })),
    });
  if (changes.length === 0) return note(`${from.label} and ${to.label} say the same.`);
  const out = terminal();
  out.print(out.colours.dim(`${from.policy.version} → ${to.policy.version}`));
  for (const change of changes) out.print(line(change, out));
};

const line = ({ path, before, after }: PolicyChange, { colours }: Terminal): string => {
  if (before === undefined) return colours.green(`+ ${path}: ${words(after)}`);
  if (after === undefined) return colours.red(`- ${path}: ${words(before)}`);
  return `~ ${path}: ${colours.red(words(before))} → ${colours.green(words(after))}`;
};

/** As YAML would have it on one line, near enough for people. */
const words = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(words).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${name}: ${words(inner)}`)
    .join(', ')} }`;
};
