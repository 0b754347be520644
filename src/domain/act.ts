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
