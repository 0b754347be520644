/** Edits (insert, delete, replace) from one word to another, in whatever case; Levenshtein 1966, one row at a time. */
const edits = (from: string, to: string): number => {
  const [a, b] = [from.toLowerCase(), to.toLowerCase()];
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

/** The known word that was most likely meant: one that it abbreviates, or of which at most a third of the letters differ. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > 64) return undefined;
  const ranked = known
    .filter((candidate) => abbreviates(word, candidate) || mayBeNear(word, candidate))
    .map((candidate) => ({ candidate, edits: abbreviates(word, candidate) ? 1 : edits(word, candidate) }))
    .filter(({ candidate, edits }) => edits <= allowed(candidate))
    .sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1));
  return ranked[0]?.candidate;
};

/** One or two letters are like any other one or two. */
const allowed = (candidate: string): number => (candidate.length < 3 ? 0 : Math.ceil(candidate.length / 3));

/** Each letter too many or too few is an edit: most words need no closer look. */
const mayBeNear = (word: string, candidate: string): boolean =>
  Math.abs(word.length - candidate.length) <= allowed(candidate);

const abbreviates = (word: string, candidate: string): boolean =>
  word.length >= 3 && candidate.startsWith(word);

/** ` (did you mean x?)`, or nothing. */
export const didYouMean = (word: string, known: readonly string[]): string => {
  const meant = nearest(word, known);
  return meant === undefined ? '' : ` (did you mean ${meant}?)`;
};
