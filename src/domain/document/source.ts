import { Composer, type CST, type Document, type Node, Parser } from 'yaml';
import type { JsonValue } from '../json.js';
import { type Place, placesOf } from './lines.js';
import type { Mistake, Path } from './mistakes.js';
import { Reader } from './reader.js';

/** A mistake of the text itself, found before there was any path. */
export interface TextMistake extends Place {
  readonly message: string;
  readonly mend: string;
}

/** A document's text as a JSON value, with the place of everything in it. */
export interface Source {
  readonly value: JsonValue;
  readonly mistakes: readonly Mistake[];
  place(path: Path, at?: Mistake['at']): Place;
}

/** A text that could not be read, and why. */
export interface Unreadable {
  readonly textMistakes: readonly TextMistake[];
}

const MAX_DOCUMENT_BYTES = 1024 * 1024;
/** The library recurses, and far below the end of the stack: 785 open brackets are enough to exhaust it. */
const MAX_SYNTAX_DEPTH = 200;

/** Reads YAML 1.2 or JSON. Hostile texts (too large, too deep, aliases that multiply) become mistakes like any other. */
export const readSource = (text: string): Source | Unreadable => {
  if (new TextEncoder().encode(text).length > MAX_DOCUMENT_BYTES)
    return unreadable('the document is larger than 1 MiB', 'move data out of the document, into files');
  const placeOf = placesOf(text);
  const tokens = [...new Parser().parse(text)];
  if (syntaxDepth(tokens) > MAX_SYNTAX_DEPTH)
    return unreadable(`the document is nested more than ${MAX_SYNTAX_DEPTH} deep`, 'flatten it');
  const options = { uniqueKeys: false, prettyErrors: false } as const;
  const documents = [...new Composer(options).compose(tokens, true, text.length)];
  const textMistakes = syntaxMistakes(documents, placeOf);
  if (textMistakes.length > 0) return { textMistakes };
  const reader = new Reader(text, placeOf);
  const value = reader.value(documents[0]?.contents as Node | null, []);
  return { value, mistakes: reader.mistakes, place: (path, at) => reader.place(path, at) };
};

const unreadable = (message: string, mend: string): Unreadable => ({
  textMistakes: [{ line: 1, column: 1, message, mend }],
});

/** How deep collections lie within each other, before anything recurses into them. */
const syntaxDepth = (tokens: readonly CST.Token[]): number => {
  let deepest = 0;
  const open: { token: CST.Token | null | undefined; depth: number }[] = tokens.map((token) => ({
    token,
    depth: 0,
  }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, depth } = next;
    deepest = Math.max(deepest, depth);
    if (token?.type === 'document') open.push({ token: token.value, depth });
    if (!token || !('items' in token)) continue;
    for (const { key, value } of token.items)
      open.push({ token: key, depth: depth + 1 }, { token: value, depth: depth + 1 });
  }
  return deepest;
};

/** One mistake a line: what the parser says next about the same line follows from the first. */
const syntaxMistakes = (
  documents: readonly Document[],
  placeOf: (offset: number) => Place,
): readonly TextMistake[] => {
  const byLine = new Map<number, TextMistake>();
  const note = (offset: number, message: string, mend: string) => {
    const place = placeOf(offset);
    if (!byLine.has(place.line)) byLine.set(place.line, { ...place, message, mend });
  };
  for (const { errors, warnings } of documents)
    for (const { code, message, pos } of [...errors, ...warnings])
      note(pos[0], sentence(message), syntaxMend(code, message));
  const second = documents[1];
  if (second) note(second.range?.[0] ?? 0, 'a second document begins here', 'keep one document in a file');
  return [...byLine.values()].sort((a, b) => a.line - b.line);
};

const sentence = (message: string): string => `syntax: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;

const SYNTAX_MENDS: Readonly<Record<string, string>> = {
  BAD_INDENT: 'close the bracket, or line this up with the lines it belongs to',
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'put the value in quotes if its ": " is text, else break the line after the first ":"',
  MISSING_CHAR: 'add the missing character',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'leave the tag out',
  UNEXPECTED_TOKEN: 'check the quotes, brackets and indentation here',
};

const syntaxMend = (code: string, message: string): string =>
  message.endsWith('at node end')
    ? 'put the whole value in quotes: one that begins with a quote ends at the next one'
    : (SYNTAX_MENDS[code] ?? 'check the quotes, brackets and indentation here');
