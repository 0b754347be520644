/** How often each word occurs in a text, the `top` most frequent first. */
async function countWords(input: { readonly text: string; readonly top: number }) {
  const counts = new Map<string, number>();
  for (const word of input.text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const words = [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)).slice(0, input.top);
  return { words: words.map(([word, count]) => ({ word, count })) };
}

/** What a worker started with `--functions` on this file offers by name. */
export const functions = { countWords };
