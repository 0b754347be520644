import type { JsonValue } from '../../src/domain/index.js';
import { WORKSPACE_URIS, type Workspace } from './workspace.js';

/**
 * The same value with every `workspace://` URI in its texts replaced by a local path of the file. `quote` makes a path safe
 * for the language that the text is in.
 */
export const withLocalPaths = async <T extends JsonValue | object>(
  value: T,
  workspace: Workspace,
  quote: (path: string) => string = (path) => path,
): Promise<T> => {
  const uris = new Set(JSON.stringify(value).match(WORKSPACE_URIS));
  if (uris.size === 0) return value;
  const paths = new Map(
    await Promise.all([...uris].map(async (uri) => [uri, quote(await workspace.get(uri))] as const)),
  );
  const local = (text: string) => text.replace(WORKSPACE_URIS, (uri) => paths.get(uri) ?? uri);
  return mapTexts(value as JsonValue, local) as T;
};

const mapTexts = (value: JsonValue, f: (text: string) => string): JsonValue => {
  if (typeof value === 'string') return f(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, f));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, f)]));
};
