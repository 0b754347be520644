import { randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, realpathSync } from 'node:fs';
import { mkdir, open, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { type FileRef, SignalboxError } from '../../src/domain/index.js';
import { emptied } from './emptied.js';
import { type Digest, digestCache, digestOf, writeDigested } from './hashing.js';
import { asked, type Content, checkedKey, damaged, nothingAt, uriOf, type Workspace } from './workspace.js';

const INCOMING = '.incoming';
const DEFAULT_EXCERPT_BYTES = 1 << 20;

/**
 * A workspace in a folder that all workers share. Files appear by rename, so a reader never sees half of one; a path that
 * leaves the folder, by name or by a link that a task has planted, is refused.
 */
export const folderWorkspace = (root: string): Workspace => {
  mkdirSync(join(root, INCOMING), { recursive: true });
  const home = realpathSync(root);
  const digest = digestCache();
  const pathOf = (key: string) => join(home, checkedKey(key));

  const existing = async (key: string): Promise<string | null> => {
    const path = await realpath(pathOf(key)).catch(absent);
    if (path !== null && !path.startsWith(home + sep)) {
      throw new SignalboxError('forbidden', `${key} leads out of the workspace.`);
    }
    return path;
  };

  const put = async (key: string, content: Content): Promise<FileRef> => {
    const target = pathOf(key);
    const inPlace = 'file' in content && (await realpath(content.file)) === target;
    return { uri: uriOf(key), ...(inPlace ? await digest(target) : await moveIn(content, target)) };
  };

  const moveIn = async (content: Content, target: string): Promise<Digest> => {
    const incoming = join(home, INCOMING, randomUUID());
    try {
      const stored = await write(content, incoming);
      await mkdir(dirname(target), { recursive: true });
      await rename(incoming, target);
      return stored;
    } finally {
      await rm(incoming, { force: true });
    }
  };

  const get = async (file: FileRef | string): Promise<string> => {
    const { key, sha256 } = asked(file);
    const path = await existing(key);
    if (path === null) throw nothingAt(key);
    if (sha256 !== null) {
      const found = await digest(path);
      if (found.sha256 !== sha256) throw damaged(key, sha256, found.sha256);
    }
    return path;
  };

  const read: Workspace['read'] = async (key, { offset = 0, limitBytes = DEFAULT_EXCERPT_BYTES } = {}) => {
    const path = await existing(key);
    if (path === null) return null;
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const wanted = Math.max(0, Math.min(limitBytes, size - offset));
      const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, offset);
      return { bytes: buffer.subarray(0, bytesRead), totalBytes: size };
    } finally {
      await file.close();
    }
  };

  const list: Workspace['list'] = async (prefix) => {
    const folder = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : '';
    const entries = await readdir(folder === '' ? home : pathOf(folder), {
      recursive: true,
      withFileTypes: true,
    }).catch(absent);
    const files = (entries ?? []).filter((entry) => entry.isFile());
    const found = await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return { key: relative(home, path).split(sep).join('/'), bytes: (await stat(path)).size };
      }),
    );
    return found
      .filter(({ key }) => key.startsWith(prefix) && !key.startsWith(`${INCOMING}/`))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  };

  const openFolder: Workspace['openFolder'] = (prefix) => ({
    path: emptied(pathOf(prefix), join(home, INCOMING)),
    shared: true,
    close: async () => undefined,
  });

  return { put, get, read, list, openFolder };
};

const write = async (content: Content, path: string): Promise<Digest> => {
  if ('file' in content) return writeDigested(createReadStream(content.file), path);
  await writeFile(path, content.bytes, { flag: 'wx' });
  return digestOf(content.bytes);
};

const absent = (error: NodeJS.ErrnoException): null => {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
  throw error;
};
