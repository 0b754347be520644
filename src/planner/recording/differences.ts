import type { Plan } from '../decisions.js';

/** A decision that one side made and the other did not, or not so; null where a side did not make it. JSON text. */
export interface Difference {
  /** `grant`, `preemption`, `deferral`, `failing` node, tasks `considered`; `order` where both made the same in another order. */
  readonly what: 'grant' | 'preemption' | 'deferral' | 'failing' | 'considered' | 'order';
  /** The attempt, lease or node that was decided of. */
  readonly id: string;
  readonly recorded: string | null;
  readonly replayed: string | null;
}

/** What two plans of one cycle decide differently; empty where their texts are the same, byte for byte. */
export const differencesBetween = (recorded: string, replayed: string): readonly Difference[] => {
  if (recorded === replayed) return [];
  const before = decisionsOf(JSON.parse(recorded) as Plan);
  const after = decisionsOf(JSON.parse(replayed) as Plan);
  const found = [...new Set([...before.keys(), ...after.keys()])].flatMap((key): readonly Difference[] => {
    const [was, is] = [before.get(key), after.get(key)];
    if (was?.text === is?.text) return [];
    const { what, id } = (was ?? is) as Decision;
    return [{ what, id, recorded: was?.text ?? null, replayed: is?.text ?? null }];
  });
  return found.length > 0 ? found : [{ what: 'order', id: '', recorded, replayed }];
};

interface Decision extends Pick<Difference, 'what' | 'id'> {
  readonly text: string;
}

const decisionsOf = ({
  grants,
  preemptions,
  deferrals,
  failing,
  considered,
}: Plan): ReadonlyMap<string, Decision> => {
  const of = (what: Difference['what'], id: string, decision: unknown): readonly [string, Decision] => [
    `${what} ${id}`,
    { what, id, text: JSON.stringify(decision) },
  ];
  return new Map([
    ...grants.map((grant) => of('grant', grant.id, grant)),
    ...preemptions.map((preemption) => of('preemption', preemption.leaseId, preemption)),
    ...deferrals.map((deferral) => of('deferral', deferral.id, deferral)),
    ...failing.map((id) => of('failing', id, id)),
    of('considered', '', considered),
  ]);
};

/** How many decisions a plan holds. */
export const countDecisions = (text: string): number => {
  const { grants, preemptions, deferrals, failing } = JSON.parse(text) as Plan;
  return grants.length + preemptions.length + deferrals.length + failing.length;
};
