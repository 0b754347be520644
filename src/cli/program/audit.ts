import type { Command } from 'commander';
import { withApi } from './options.js';

/** Planning recorded cycles again. */
export const addAuditCommands = (program: Command): void => {
  program.commandsGroup('Audit:');
  const audit = program.command('audit').description('what was decided, and whether it would be again');
  withApi(audit.command('replay'))
    .description('plan the recorded cycles again and compare, byte for byte; a difference exits 1')
    .option('--from <when>', 'how long ago (90m, 2h, 1d) or an RFC 3339 time', '1d')
    .option('--to <when>', 'the same', 'now')
    .action(async (options) => (await import('../commands/audit-replay.js')).auditReplay(options));
};
