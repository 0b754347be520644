import type { Command } from 'commander';
import { BY, json, withApi } from './options.js';

/** Policies in force, and those that could be. */
export const addPolicyCommands = (program: Command): void => {
  const policy = program
    .command('policy')
    .description('the policy in force: what it is, what it was, and how it is changed');
  policy
    .command('validate')
    .description('check policy documents: every mistake, with its place and its mend')
    .argument('<policy...>', 'files in YAML or JSON (- reads standard input), or names of policies that ship')
    .addOption(json())
    .action(async (names, options) =>
      (await import('../commands/policy/validate.js')).validatePolicies(names, options),
    );
  withApi(policy.command('list'))
    .description('the policies that are or were in force, the newest first: since when, by whom, why')
    .action(async (options) => (await import('../commands/policy/list.js')).listPolicies(options));
  withApi(policy.command('show'))
    .description('print a stored policy as it was written')
    .argument('[version]', 'its version or name (the one in force where absent)')
    .action(async (version, options) =>
      (await import('../commands/policy/show.js')).showPolicy(version, options),
    );
  withApi(policy.command('diff'))
    .description('what one policy says otherwise than another, field by field')
    .argument('<policy>', POLICY_HELP)
    .argument('[other]', 'what to compare it with; where absent, the one in force is compared with the first')
    .action(async (first, second, options) =>
      (await import('../commands/policy/diff.js')).diffPolicies(first, second, options),
    );
  withChange(policy.command('activate'))
    .description('bring a policy into force, from the next cycle on and without a restart')
    .argument('<policy>', POLICY_HELP)
    .action(async (name, options) =>
      (await import('../commands/policy/change.js')).activatePolicy(name, options),
    );
  withChange(policy.command('rollback'))
    .description('go back to the policy before; again goes further back')
    .option('--to <version>', 'to this one')
    .action(async (options) => (await import('../commands/policy/change.js')).rollbackPolicy(options));
};

const POLICY_HELP = 'a file, the name of a policy that ships, the version of a stored one, or `active`';

const withChange = (command: Command): Command =>
  withApi(command)
    .requiredOption('--reason <text>', 'why, for the record; needed')
    .option('--by <name>', BY)
    .option('--expect <version>', 'only if this one is in force');
