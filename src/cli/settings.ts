import { z } from 'zod';
import { type Problem, SignalboxError } from '../domain/index.js';

/** Where each setting comes from: its option, if it has one (secrets have none: `ps` shows options), and its variable. */
const SOURCES = {
  database: { option: '--database', variable: 'SIGNALBOX_DATABASE_URL' },
  workspace: { option: '--workspace', variable: 'SIGNALBOX_WORKSPACE' },
  apiToken: { variable: 'SIGNALBOX_API_TOKEN' },
  workerToken: { variable: 'SIGNALBOX_WORKER_TOKEN' },
  temporalAddress: { option: '--temporal-address', variable: 'TEMPORAL_ADDRESS' },
  temporalNamespace: { option: '--temporal-namespace', variable: 'TEMPORAL_NAMESPACE' },
} as const;
type Setting = keyof typeof SOURCES;

const token = z.string().min(16, 'must have at least 16 characters');
const KINDS = {
  database: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL; `signalbox dev` brings a database of its own'),
  workspace: z.string(),
  apiToken: token.optional(),
  workerToken: token,
  temporalAddress: z
    .string()
    .regex(/^[^/\s]+:\d+$/, 'must be HOST:PORT')
    .optional(),
  temporalNamespace: z.string().optional(),
} as const satisfies Record<Setting, z.ZodType>;

type Settings<Name extends Setting> = { readonly [N in Name]: z.output<(typeof KINDS)[N]> };

/** Settings from options, else the environment. Throws `invalid-option` with everything that is missing or wrong. */
export const readSettings = <Name extends Setting>(
  names: readonly Name[],
  options: Readonly<Partial<Record<string, unknown>>>,
): Settings<Name> => {
  const problems: Problem[] = [];
  const settings: Partial<Record<Setting, unknown>> = {};
  for (const name of names) {
    const given = options[name] ?? (process.env[SOURCES[name].variable] || undefined);
    const read = KINDS[name].safeParse(given);
    if (read.success) settings[name] = read.data;
    else problems.push(problemOf(name, given === undefined ? 'is not given' : messageOf(read.error)));
  }
  if (problems.length > 0)
    throw new SignalboxError('invalid-option', 'The settings are not complete.', problems);
  return settings as Settings<Name>;
};

const messageOf = (error: z.ZodError): string => error.issues[0]?.message ?? 'is wrong';

const problemOf = (name: Setting, what: string): Problem => {
  const source: { option?: string; variable: string } = SOURCES[name];
  const places = [source.option, source.variable].filter((place) => place !== undefined).join(' or ');
  return { path: places, message: `The ${WORDS[name]} ${what}.`, mend: `Give it by ${places}.` };
};

const WORDS: Record<Setting, string> = {
  database: 'database',
  workspace: 'workspace',
  apiToken: 'API token',
  workerToken: 'worker token',
  temporalAddress: "address of Temporal's server",
  temporalNamespace: 'namespace in Temporal',
};

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
