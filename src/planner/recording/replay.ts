import { Cluster } from '../cluster/index.js';
import { plan } from '../plan.js';
import {
  applyChanges,
  type PolicyByVersion,
  planText,
  type RecordedChanges,
  type RecordedCycle,
} from './record.js';

/** Plans the cycles of one recording again, on what each was planned on. Its parts are given in their order, from a base on. */
export class Replay {
  #cluster: Cluster | undefined;

  constructor(private readonly policyOf: PolicyByVersion) {}

  /** Takes a part; a recording is made under one policy, so any version that it names will do. */
  apply({ changes }: RecordedChanges, policyVersion: string): void {
    this.#cluster ??= new Cluster(this.policyOf(policyVersion));
    applyChanges(this.#cluster, changes);
  }

  /** What this planner decides of a cycle; its changes must have been applied. JSON text. */
  planAgain({ atMs, policyVersion, scope }: RecordedCycle): string {
    const policy = this.policyOf(policyVersion);
    this.#cluster ??= new Cluster(policy);
    const asked = new Set(scope.asked);
    return planText(plan(this.#cluster, policy, atMs, { pools: scope.pools, asked }));
  }
}
