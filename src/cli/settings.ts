import { z } from 'zod';
import { type Problem, SignalboxError } from '../domain/index.js';

const secret = z.string().min(16, 'is shorter than 16 characters');

/** Each setting: its option, if it has one (secrets have none: `ps` shows options), its variable, its kind, and its mend. */
const SETTINGS = {
  database: {
    option: '--database',
    variable: 'SIGNALBOX_DATABASE_URL',
    kind: z.string().regex(/^postgres(ql)?:\/\//, 'is no postgres:// URL'),
    mend: 'give postgres://USER:PASSWORD@HOST/NAME (`signalbox dev` brings a database of its own)',
  },
  workspace: {
    option: '--workspace',
    variable: 'SIGNALBOX_WORKSPACE',
    kind: z.string(),
    mend: 'give a folder that all workers share, or s3://bucket/prefix',
  },
  apiToken: {
    variable: 'SIGNALBOX_API_TOKEN',
    kind: secret.optional(),
    mend: 'give at least 16 characters',
  },
  workerToken: {
    variable: 'SIGNALBOX_WORKER_TOKEN',
    kind: secret,
    mend: 'give a secret of at least 16 characters, the same to the API and to its workers',
  },
  auditDays: {
    option: '--audit-days',
    variable: 'SIGNALBOX_AUDIT_DAYS',
    kind: z.coerce.number().min(1, 'is below 1').optional(),
    mend: 'give for how many days planner cycles are kept for `signalbox audit replay`, at least 1',
  },
  temporalAddress: {
    option: '--temporal-address',
    variable: 'TEMPORAL_ADDRESS',
    kind: z
      .string()
      .regex(/^[^/\s]+:\d+$/, 'is not HOST:PORT')
      .optional(),
    mend: 'give HOST:PORT, such as 127.0.0.1:7233',
  },
  temporalNamespace: {
    option: '--temporal-namespace',
    variable: 'TEMPORAL_NAMESPACE',
    kind: z.string().optional(),
    mend: "give the namespace's name",
  },
} as const satisfies Record<string, SettingRule>;

interface SettingRule {
  readonly option?: string;
  readonly variable: string;
  readonly kind: z.ZodType;
  readonly mend: string;
}
type Setting = keyof typeof SETTINGS;
type Settings<Name extends Setting> = { readonly [N in Name]: z.output<(typeof SETTINGS)[N]['kind']> };

/** Settings from options, else the environment. Throws `invalid-option` with everything that is missing or wrong. */
export const readSettings = <Name extends Setting>(
  names: readonly Name[],
  options: Readonly<Partial<Record<string, unknown>>>,
): Settings<Name> => {
  const problems: Problem[] = [];
  const settings: Partial<Record<Setting, unknown>> = {};
  for (const name of names) {
    const rule: SettingRule = SETTINGS[name];
    const given = options[name] ?? (process.env[rule.variable] || undefined);
    const read = rule.kind.safeParse(given);
    if (read.success) settings[name] = read.data;
    else problems.push(problemOf(rule, given === undefined ? 'missing' : read.error.issues[0]?.message));
  }
  if (problems.length > 0)
    throw new SignalboxError('invalid-option', 'The settings are not complete.', problems);
  return settings as Settings<Name>;
};

const problemOf = ({ option, variable, mend }: SettingRule, message = 'is wrong'): Problem => ({
  path: option === undefined ? variable : `${option} (${variable})`,
  message,
  mend,
});

/** The environment with the options about Temporal put in, as the connection settings are read from it. */
export const temporalEnvironment = (options: Readonly<Partial<Record<string, unknown>>>) => {
  const { temporalAddress, temporalNamespace } = readSettings(
    ['temporalAddress', 'temporalNamespace'],
    options,
  );
  return {
    ...process.env,
    ...(temporalAddress ? { TEMPORAL_ADDRESS: temporalAddress } : {}),
    ...(temporalNamespace ? { TEMPORAL_NAMESPACE: temporalNamespace } : {}),
  };
};
