import { type FileRef, SignalboxError } from '../../src/domain/index.js';

/** What goes into the workspace: a local file, never read whole, or a few bytes. */
export type Content = { readonly file: string } | { readonly bytes: Uint8Array };

/** A part of a stored file, and how long the whole is now. */
export interface Excerpt {
  readonly bytes: Uint8Array;
  readonly totalBytes: number;
}

/** A local folder in which an attempt writes its files; `close` gives up what a shared store need not keep here. */
export interface AttemptFolder {
  readonly path: string;
  /** Others see its files as they are written; else only what has been put. */
  readonly shared: boolean;
  close(): Promise<void>;
}

/** The runs' files: logs, outputs and checkpoints, by key. A folder that all workers share, or an S3-compatible store. */
export interface Workspace {
  /** Stores the content under a key, whole or not at all. */
  put(key: string, content: Content): Promise<FileRef>;
  /** A local path of the file, checked against its SHA-256. Throws `not-found` or `workspace-damaged`. */
  get(file: FileRef | string): Promise<string>;
  /** Up to `limitBytes` from `offset`; null where nothing is stored under the key. */
  read(
    key: string,
    range?: { readonly offset?: number; readonly limitBytes?: number },
  ): Promise<Excerpt | null>;
  /** The keys that begin with a prefix, in order. */
  list(prefix: string): Promise<readonly { readonly key: string; readonly bytes: number }[]>;
  /** An empty local folder for an attempt's files. Synchronous, so that a function task pays for it only when it looks. */
  openFolder(prefix: string): AttemptFolder;
}

const SCHEME = 'workspace://';

/** Refuses keys that could leave the workspace or that two stores would read differently. */
export const checkedKey = (key: string): string => {
  const parts = key.split('/');
  const bad = parts.some((part) => part === '' || part === '.' || part === '..' || /[\p{Cc}\\]/u.test(part));
  if (bad || key.length > 900) {
    throw new SignalboxError('invalid-request', `"${key.slice(0, 200)}" is no key of the workspace.`);
  }
  return key;
};

const encoded = (part: string) =>
  encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** A key as a path of a URL; characters that could end a URI within a text are escaped too. */
export const encodedKey = (key: string): string => checkedKey(key).split('/').map(encoded).join('/');

/** The URI of a key. */
export const uriOf = (key: string): string => SCHEME + encodedKey(key);

/** The key that a URI names. Throws `invalid-request` for anything else. */
export const keyOf = (uri: string): string => {
  if (!uri.startsWith(SCHEME))
    throw new SignalboxError('invalid-request', `"${uri}" is no workspace:// URI.`);
  try {
    return checkedKey(uri.slice(SCHEME.length).split('/').map(decodeURIComponent).join('/'));
  } catch (cause) {
    if (cause instanceof SignalboxError) throw cause;
    throw new SignalboxError('invalid-request', `"${uri}" is not well encoded.`, [], { cause });
  }
};

/** Every workspace URI within a text. */
export const WORKSPACE_URIS = /workspace:\/\/[A-Za-z0-9._~%/-]+/g;

/** The reference by which a file is asked for, and its SHA-256 where known. */
export const asked = (file: FileRef | string): { key: string; sha256: string | null } =>
  typeof file === 'string'
    ? { key: keyOf(file), sha256: null }
    : { key: keyOf(file.uri), sha256: file.sha256 };

/** The errors that both stores share. */
export const nothingAt = (key: string) =>
  new SignalboxError('not-found', `The workspace holds nothing at ${key}.`);
export const damaged = (key: string, expected: string, found: string) =>
  new SignalboxError(
    'workspace-damaged',
    `${key} has changed since it was written: SHA-256 ${found.slice(0, 12)}…, not ${expected.slice(0, 12)}….`,
  );
