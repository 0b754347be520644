import type { NodeId } from './ids.js';
import type { PriorityClass } from './resources.js';

/** Who acts and why, as they say themselves: for the record, never proof of a right. */
export interface Act {
  readonly by: string;
  readonly reason: string;
}

/** The most letters of a name and of a reason. */
export const MAX_NAME = 100;
export const MAX_REASON = 500;

/** What an act came to, for people. */
export interface ActAnswer {
  /** False where all was so already. */
  readonly changed: boolean;
  readonly sentence: string;
}

/** What a person may order of a run while it runs. */
export type RunOrder =
  | { readonly act: 'cancel' | 'pause' | 'resume' }
  | { readonly act: 'priority'; readonly priorityClass: PriorityClass }
  /** Null: none. */
  | { readonly act: 'deadline'; readonly deadlineAtMs: number | null };

/** What a person may order of a task, for every attempt that has not begun. */
export type TaskOrder =
  | { readonly act: 'hold' | 'release' | 'unpin' }
  | { readonly act: 'pin'; readonly nodeId: NodeId };
