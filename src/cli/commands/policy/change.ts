import type { ActivatedPolicy } from '../../../api/client/index.js';
import { type ApiOptions, openClient } from '../../address.js';
import { systemUser } from '../../author.js';
import { printJson, terminal } from '../../output/terminal.js';
import { findPolicy } from '../../policy.js';

interface ChangeOptions extends ApiOptions {
  readonly reason: string;
  readonly by?: string;
  readonly expect?: string;
}

/** `signalbox policy activate POLICY`: brings it into force; a bad one is refused here, with all its mistakes. */
export const activatePolicy = async (name: string, options: ChangeOptions): Promise<void> => {
  const client = openClient(options);
  const { text } = await findPolicy(name, () => client);
  tell(await client.activatePolicy({ document: text, ...actOf(options) }), options);
};

/** `signalbox policy rollback`: the version before, or the one named. Only what was seen in force is taken back. */
export const rollbackPolicy = async ({
  to,
  ...options
}: ChangeOptions & { readonly to?: string }): Promise<void> => {
  const client = openClient(options);
  const expect = options.expect ?? (await client.getPolicy()).version;
  const request = { ...actOf(options), expect, ...(to === undefined ? {} : { to }) };
  tell(await client.rollbackPolicy(request), options);
};

const actOf = ({ reason, by = systemUser(), expect }: ChangeOptions) => ({
  reason,
  by,
  ...(expect === undefined ? {} : { expect }),
});

const tell = (activated: ActivatedPolicy, { json }: ChangeOptions): void => {
  if (json) printJson(activated);
  else terminal().print(sentenceOf(activated));
};

const sentenceOf = ({ version, replaced, changed }: ActivatedPolicy): string =>
  changed
    ? `${version} is in force instead of ${replaced}: every cycle from now on is by it.`
    : `${version} is in force already; nothing was changed.`;
