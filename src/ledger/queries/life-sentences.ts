import { amountOf, span } from '../../planner/index.js';
import type { EventRow } from '../rows/index.js';

/** How runs, nodes and leases come and go, as sentences; undefined for what is told elsewhere. */
export const lifeSentence = ({ kind, detail }: EventRow): string | undefined => {
  switch (kind) {
    case 'run-created':
      return 'was submitted';
    case 'run-ended':
      return runEnded(detail as never);
    case 'run-reset':
      return 'was reset: what an older execution holds counts no more';
    case 'node-registered':
      return registered(detail as never);
    case 'node-draining':
      return 'drains: it gets no new work';
    case 'node-active':
      return 'takes work again';
    case 'node-lost':
      return `is lost: it has not been heard of for ${span((detail as { silentSeconds: number }).silentSeconds * 1_000)}`;
    case 'released':
      return `its hardware is free: ${(detail as { why: string }).why}`;
    default:
      return undefined;
  }
};

const runEnded = ({
  status,
  error,
}: {
  readonly status: string;
  readonly error?: { readonly message: string };
}) => (error === undefined ? status : `${status}: ${error.message}`);

const registered = ({
  pool,
  capacity: { devices, cores, memoryBytes, slots },
}: {
  readonly pool: string;
  readonly capacity: { devices: number; cores: number; memoryBytes: number; slots: number };
}): string => {
  const amounts = { devices, cores, memoryBytes, slots };
  const has = (Object.keys(amounts) as (keyof typeof amounts)[])
    .filter((kind) => amounts[kind] > 0)
    .map((kind) => amountOf(kind, amounts[kind]));
  return `joined pool ${pool} with ${has.join(', ')}`;
};
