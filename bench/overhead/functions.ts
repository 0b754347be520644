/** What the tasks of benchmarks do: nothing, so that only the overhead is measured, or nothing for a while. */
export const functions = {
  noop: () => ({}),
  sleep: async ({ seconds }: { readonly seconds: number }) => {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    return {};
  },
};
