/** What each step of the chain does: nothing, so that only the overhead is measured. */
export const functions = { noop: () => ({}) };
