import { sizeOf } from '../../../domain/index.js';
import type { LeaseRow } from '../../rows/index.js';
import type { Draft } from '../draft.js';

/** What a lease is expected to take. */
export const expectedDeviceSeconds = ({ resources, grantedAtMs, expectedEndP50Ms }: LeaseRow): number =>
  (sizeOf(resources) * (expectedEndP50Ms - grantedAtMs)) / 1_000;

/** Counts what a lease is expected to take for its tenant, or corrects that once it has ended. */
export const use = (draft: Draft, { tenant }: LeaseRow, deviceSeconds: number): void => {
  if (tenant === null) return;
  draft.put('tenants', { tenant, ...draft.image.cluster.use.after(tenant, deviceSeconds, draft.atMs) });
};
