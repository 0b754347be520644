import { SignalboxError } from '../errors.js';

/** A piece of a text: as it stands, or the CEL expression of a `${{ … }}`; `offset` is where the expression begins. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly expression: string; readonly offset: number };

/** More expressions than any text needs; a megabyte could hold a hundred thousand. */
const MAX_EXPRESSIONS = 1_000;
const OPEN = '${{';
const CLOSE = '}}';

/** Splits a text into its plain parts and its `${{ … }}` parts. Throws `invalid-expression` where one is not closed, or where they are too many. */
export const parseTemplate = (text: string): readonly TemplatePart[] => {
  const parts: TemplatePart[] = [];
  let at = 0;
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, at)) {
    if (open > at) parts.push({ kind: 'text', text: text.slice(at, open) });
    const offset = open + OPEN.length;
    const close = closing(text, offset);
    parts.push({ kind: 'expression', expression: text.slice(offset, close).trim(), offset });
    at = close + CLOSE.length;
    if (parts.length > 2 * MAX_EXPRESSIONS)
      throw new SignalboxError('invalid-expression', `a text with more than ${MAX_EXPRESSIONS} expressions`);
  }
  if (at < text.length || parts.length === 0) parts.push({ kind: 'text', text: text.slice(at) });
  return parts;
};

/** Where the expression ends: the first `}}` that closes no brace of its own and stands in no string. */
const closing = (text: string, from: number): number => {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const character = text[i];
    if (character === '"' || character === "'") i = stringEnd(text, i);
    else if (character === '{') depth++;
    else if (character === '}' && depth > 0) depth--;
    else if (text.startsWith(CLOSE, i)) return i;
  }
  throw new SignalboxError(
    'invalid-expression',
    `\${{ without }}: "${text.slice(from - OPEN.length).slice(0, 60)}"`,
  );
};

/** The index of a CEL string's last quote. A backslash protects the next character; three quotes open a string of several lines. */
const stringEnd = (text: string, start: number): number => {
  const single = text[start] ?? '"';
  const quote = text.startsWith(single.repeat(3), start) ? single.repeat(3) : single;
  for (let i = start + quote.length; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text.startsWith(quote, i)) return i + quote.length - 1;
  }
  return text.length;
};
