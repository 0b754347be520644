import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Parser,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { JsonValue } from '../json.js';
import { type Place, placesOf } from './lines.js';
import { MAX_DEPTH } from './values.js';

/** Where in a document: keys and indices from the root. */
export type Path = readonly (string | number)[];

/** A mistake by its path; `at` says whether its place is the value there, its key, or a text within the value. */
export interface Mistake {
  readonly path: Path;
  readonly message: string;
  readonly mend: string;
  readonly at?: 'key' | { readonly text: string };
  /** Where the path does not tell: of two equal keys, the second. */
  readonly place?: Place;
}

/** A mistake of the text itself, found before there was any path. */
export interface TextMistake extends Place {
  readonly message: string;
  readonly mend: string;
}

/** A document's text as a JSON value, with the place of everything in it. */
export interface Source {
  /** Undefined where the text could not be read. */
  readonly value: JsonValue | undefined;
  readonly textMistakes: readonly TextMistake[];
  readonly mistakes: readonly Mistake[];
  place(path: Path, at?: Mistake['at']): Place;
}

export const MAX_DOCUMENT_BYTES = 1024 * 1024;
/** The library recurses, and far below the end of the stack: 785 open brackets are enough to exhaust it. */
const MAX_SYNTAX_DEPTH = 200;
/** Values that aliases repeat, in all: they multiply, while what is written out is bounded by the text's size. */
const MAX_REPEATED = 50_000;

/** Reads YAML 1.2 or JSON. Hostile texts (too large, too deep, aliases that multiply) become mistakes like any other. */
export const readSource = (text: string): Source => {
  if (new TextEncoder().encode(text).length > MAX_DOCUMENT_BYTES)
    return unreadable('the document is larger than 1 MiB', 'move data out of the document, into files');
  const placeOf = placesOf(text);
  const tokens = [...new Parser().parse(text)];
  if (syntaxDepth(tokens) > MAX_SYNTAX_DEPTH)
    return unreadable(`the document is nested more than ${MAX_SYNTAX_DEPTH} deep`, 'flatten it');
  const options = { uniqueKeys: false, prettyErrors: false } as const;
  const documents = [...new Composer(options).compose(tokens, true, text.length)];
  const syntax = syntaxMistakes(documents, placeOf);
  const [document] = documents;
  if (document === undefined || syntax.length > 0)
    return { value: undefined, textMistakes: syntax, mistakes: [], place: () => ({ line: 1, column: 1 }) };
  return new Reader(text, placeOf).read(document.contents as Node | null);
};

const unreadable = (message: string, mend: string): Source => ({
  value: undefined,
  textMistakes: [{ line: 1, column: 1, message, mend }],
  mistakes: [],
  place: () => ({ line: 1, column: 1 }),
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
  if (second) note(second.range?.[0] ?? 0, 'a second document begins here', 'keep one pipeline in a file');
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

/** Turns nodes into a JSON value and notes where each lies. */
class Reader {
  private readonly places = new Map<string, { key: number | undefined; start: number; end: number }>();
  private readonly anchors = new Map<string, Node>();
  private readonly open = new Set<Node>();
  private readonly mistakes: Mistake[] = [];
  private repeated = 0;
  /** The alias that is being followed, if any: of several within each other, the outermost. */
  private following: Path | undefined;

  constructor(
    private readonly text: string,
    private readonly placeOf: (offset: number) => Place,
  ) {}

  read(root: Node | null): Source {
    const value = root === null ? null : this.value(root, [], undefined);
    return { value, textMistakes: [], mistakes: this.mistakes, place: (path, at) => this.place(path, at) };
  }

  private value(node: Node | null | undefined, path: Path, key: number | undefined): JsonValue {
    const [start, end] = node?.range ?? [key ?? 0, key ?? 0];
    const id = JSON.stringify(path);
    if (!this.places.has(id)) this.places.set(id, { key, start, end });
    if (this.following && ++this.repeated > MAX_REPEATED) return this.overflow(this.following);
    if (path.length > MAX_DEPTH)
      return this.mistake(path, `nested more than ${MAX_DEPTH} deep`, 'flatten it');
    if (node && 'anchor' in node && node.anchor) this.anchors.set(node.anchor, node);
    if (isAlias(node)) return this.alias(node.source, path, key);
    return isScalar(node) ? this.scalar(node, path) : this.collection(node, path);
  }

  private alias(name: string, path: Path, key: number | undefined): JsonValue {
    const target = this.anchors.get(name);
    if (target && this.open.has(target))
      return this.mistake(path, `&${name} contains itself`, 'write out what is needed');
    if (target) return this.follow(target, path, key);
    return this.mistake(
      path,
      `nothing is anchored as &${name} before this`,
      `anchor it with &${name}, or write it out`,
    );
  }

  private follow(target: Node, path: Path, key: number | undefined): JsonValue {
    const outer = this.following;
    this.following ??= path;
    const value = this.value(target, path, key);
    this.following = outer;
    return value;
  }

  private scalar({ value, source }: Scalar, path: Path): JsonValue {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value !== 'number')
      return this.mistake(path, 'not a JSON value', 'write a text, a number, true, false or null');
    if (Number.isFinite(value) && (!Number.isInteger(value) || Math.abs(value) <= Number.MAX_SAFE_INTEGER))
      return value;
    if (Number.isFinite(value) && /[.e]/i.test(source ?? '')) return value;
    return this.mistake(
      path,
      `${source} cannot be kept exactly`,
      'put it in quotes, or write a smaller number',
    );
  }

  private collection(node: Node | null | undefined, path: Path): JsonValue {
    if (!isMap(node) && !isSeq(node)) return null;
    this.open.add(node);
    const value = isMap(node)
      ? this.map(node, path)
      : node.items.map((item, i) => this.value(item as Node, [...path, i], undefined));
    this.open.delete(node);
    return value;
  }

  private map({ items }: YAMLMap, path: Path): JsonValue {
    const members = new Map<string, JsonValue>();
    for (const pair of items as Pair<Node, Node>[]) {
      const key = this.key(pair, path);
      if (key === undefined) continue;
      const at = pair.key.range?.[0];
      if (members.has(key)) this.duplicate([...path, key], at);
      else members.set(key, this.value(pair.value, [...path, key], at));
    }
    return Object.fromEntries(members);
  }

  /** A map's key as text; undefined, and a mistake, where it can be none. */
  private key({ key }: Pair<Node, Node>, path: Path): string | undefined {
    const value = isScalar(key) ? key.value : undefined;
    const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
    if (typeof text === 'string' && text !== '__proto__' && text !== '<<') return text;
    const [message, mend] =
      text === '<<'
        ? ['merge keys are not part of YAML 1.2', 'write the members out']
        : [
            text === '__proto__' ? '"__proto__" cannot be a key' : 'only a text can be a key',
            'use another key',
          ];
    this.mistakes.push({ path, message, mend, place: this.placeOf(key?.range?.[0] ?? 0) });
    return undefined;
  }

  private duplicate(path: Path, offset: number | undefined): void {
    const message = `duplicate key "${path.at(-1)}", first on line ${this.place(path, 'key').line}`;
    this.mistakes.push({ path, message, mend: 'keep one of them', place: this.placeOf(offset ?? 0) });
  }

  private mistake(path: Path, message: string, mend: string): null {
    this.mistakes.push({ path, message, mend });
    return null;
  }

  private overflow(alias: Path): null {
    if (this.repeated > MAX_REPEATED + 1) return null;
    return this.mistake(alias, `aliases repeat more than ${MAX_REPEATED} values`, 'write out what is needed');
  }

  /** The place of a path; of something absent, the key of what it is missing from. */
  private place(path: Path, at?: Mistake['at']): Place {
    const found = this.places.get(JSON.stringify(path));
    if (found === undefined)
      return path.length === 0 ? { line: 1, column: 1 } : this.place(path.slice(0, -1), 'key');
    const within = typeof at === 'object' ? this.text.indexOf(at.text, found.start) : -1;
    const offset =
      within >= 0 && within < found.end ? within : at === 'key' ? (found.key ?? found.start) : found.start;
    return this.placeOf(offset);
  }
}
