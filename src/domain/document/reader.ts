import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml';
import type { JsonValue } from '../json.js';
import type { Place } from './lines.js';
import type { Mistake, Path } from './mistakes.js';
import { MAX_DEPTH } from './values.js';

/** Values that aliases repeat, in all: they multiply, while what is written out is bounded by the text's size. */
const MAX_REPEATED = 50_000;

/** Turns nodes into a JSON value and notes where each lies. */
export class Reader {
  private readonly places = new Map<string, { key: number | undefined; start: number; end: number }>();
  private readonly anchors = new Map<string, Node>();
  private readonly open = new Set<Node>();
  readonly mistakes: Mistake[] = [];
  private repeated = 0;
  /** The alias that is being followed, if any: of several within each other, the outermost. */
  private following: Path | undefined;

  constructor(
    private readonly text: string,
    private readonly placeOf: (offset: number) => Place,
  ) {}

  /** A node as a value; `key` is where its key stands, for what has one. */
  value(node: Node | null | undefined, path: Path, key?: number): JsonValue {
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
      : node.items.map((item, i) => this.value(item as Node, [...path, i]));
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
  place(path: Path, at?: Mistake['at']): Place {
    const found = this.places.get(JSON.stringify(path));
    if (found === undefined)
      return path.length === 0 ? { line: 1, column: 1 } : this.place(path.slice(0, -1), 'key');
    const within = typeof at === 'object' ? this.text.indexOf(at.text, found.start) : -1;
    const offset =
      within >= 0 && within < found.end ? within : at === 'key' ? (found.key ?? found.start) : found.start;
    return this.placeOf(offset);
  }
}
