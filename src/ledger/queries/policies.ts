import { SignalboxError } from '../../domain/index.js';
import { type Policy, readPolicy } from '../../planner/index.js';
import type { PolicyDetail, PolicyRecord } from '../contract.js';
import type { Database } from '../database/database.js';

/** The stored policies, each with who last brought it into force; that which did so last is first. */
export const listPolicies = async (database: Database): Promise<readonly PolicyRecord[]> =>
  (await stored(database).execute()).map(({ text: _, inForce, ...row }) => ({
    ...row,
    active: inForce === row.version,
  }));

/** A stored policy with its document: by its version, by its name the one that came into force last, or that in force. */
export const getPolicy = async (database: Database, wanted: string | undefined): Promise<PolicyDetail> => {
  const rows = await stored(database).execute();
  const row = rows.find(
    ({ version, name, inForce }) => (wanted ?? inForce) === version || (wanted ?? '') === name,
  );
  if (row === undefined) {
    const names = rows.map(({ version }) => version).join(', ');
    throw new SignalboxError('not-found', `There is no stored policy ${wanted}; there are ${names}.`);
  }
  const { inForce, ...detail } = row;
  return { ...detail, active: inForce === row.version };
};

const stored = ({ db }: Database) =>
  db
    .selectFrom('policies')
    .innerJoin('activations', 'activations.version', 'policies.version')
    .innerJoin('head', (join) => join.onTrue())
    .select([
      'policies.version',
      'policies.name',
      'policies.text',
      'activations.by',
      'activations.reason',
      'activations.kind',
      'activations.atMs as activatedAtMs',
      'head.policyVersion as inForce',
    ])
    .where(({ eb, selectFrom }) =>
      eb(
        'activations.number',
        '=',
        selectFrom('activations as later')
          .select(({ fn }) => fn.max('later.number').as('last'))
          .whereRef('later.version', '=', 'policies.version'),
      ),
    )
    .orderBy('activations.number', 'desc');

/** A stored policy, under the version it was stored by: another version of the program may name the same content otherwise. */
export const readStoredPolicy = async ({ db }: Database, version: string): Promise<Policy> => {
  const { text } = await db
    .selectFrom('policies')
    .select('text')
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  try {
    return Object.freeze({ ...readPolicy(text), version });
  } catch (cause) {
    if (!(cause instanceof SignalboxError)) throw cause;
    const what = `The policy in force, ${version}, cannot be read by this version of Signalbox`;
    const mend = 'Activate another one with the version that could read it.';
    throw new SignalboxError(cause.code, `${what}: ${cause.message} ${mend}`, cause.problems, { cause });
  }
};
