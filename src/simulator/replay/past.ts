import type { Features, Outcome, PriorityClass, ResourceRequest } from '../../domain/index.js';

/** A run that has ended, as it was recorded. */
export interface PastRun {
  readonly id: string;
  readonly pipeline: string;
  readonly tenant: string;
  readonly priorityClass: PriorityClass;
  readonly submitAtMs: number;
  readonly deadlineAtMs: number | null;
  /** What each task needs, by name. */
  readonly needs: Readonly<Record<string, readonly string[]>>;
  /** In order of arrival: what a task needs stands before it. */
  readonly attempts: readonly PastAttempt[];
}

/** An attempt that held hardware. */
export interface PastAttempt {
  /** The task's name, with its index in a fan-out: `train[3]`. */
  readonly key: string;
  readonly outcome: Outcome;
  readonly request: ResourceRequest;
  readonly features: Features;
  readonly readyAtMs: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** How long an attempt held its hardware. */
export const heldSeconds = ({ startedAtMs, endedAtMs }: PastAttempt): number =>
  Math.max(0, endedAtMs - startedAtMs) / 1000;
