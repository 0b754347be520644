/** Edits (insert, delete, replace) from one word to another; Levenshtein 1966, one row at a time. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};

/** The known word that was most likely meant, if any is near: at most a third of its letters differ. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > 64) return undefined;
  const ranked = known
    .map((candidate) => ({ candidate, edits: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1));
  return ranked[0]?.candidate;
};

/** ` (did you mean x?)`, or nothing. */
export const didYouMean = (word: string, known: readonly string[]): string => {
  const meant = nearest(word, known);
  return meant === undefined ? '' : ` (did you mean ${meant}?)`;
};
