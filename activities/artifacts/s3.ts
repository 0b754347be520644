import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FileRef } from '../../src/domain/index.js';
import { emptied } from './emptied.js';
import { digestOf, digestOfFile, writeDigested } from './hashing.js';
import { type S3Send, type S3Settings, s3Client, xmlTexts } from './s3-client.js';
import { uploadBytes, uploadFile } from './s3-upload.js';
import { asked, type Content, checkedKey, damaged, nothingAt, uriOf, type Workspace } from './workspace.js';

const DEFAULT_EXCERPT_BYTES = 1 << 20;
/** A fetched file that nobody asked for in a week is deleted when the workspace is next opened. */
const KEPT_MS = 7 * 86_400_000;

/**
 * A workspace in an S3-compatible bucket. Fetched files are kept on this machine by their digest, so that a file is fetched
 * once; the cache folder belongs to one process at a time.
 */
export const s3Workspace = (settings: S3Settings, cacheFolder: string): Workspace => {
  const send = s3Client(settings);
  const aside = join(cacheFolder, 'incoming');
  const attempts = join(cacheFolder, 'attempts');
  const fetched = fileCache(send, join(cacheFolder, 'files'), aside);
  for (const folder of [aside, attempts]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });

  const put = async (key: string, content: Content): Promise<FileRef> => {
    const uri = uriOf(key);
    if ('bytes' in content) {
      const digest = digestOf(content.bytes);
      await uploadBytes(send, key, content.bytes, digest.sha256);
      return { uri, ...digest };
    }
    const digest = await digestOfFile(content.file);
    await uploadFile(send, key, content.file, digest);
    return { uri, ...digest };
  };

  const get = async (file: FileRef | string): Promise<string> => {
    const { key, sha256 } = asked(file);
    return fetched(key, sha256 ?? (await versionOf(send, key)));
  };

  const read: Workspace['read'] = async (key, { offset = 0, limitBytes = DEFAULT_EXCERPT_BYTES } = {}) => {
    const { status, headers } = await send({ method: 'HEAD', key: checkedKey(key), answers: [404] });
    if (status === 404) return null;
    const totalBytes = Number(headers.get('content-length'));
    const end = Math.min(offset + limitBytes, totalBytes);
    if (offset >= end) return { bytes: new Uint8Array(), totalBytes };
    const part = await send({ method: 'GET', key, headers: { range: `bytes=${offset}-${end - 1}` } });
    return { bytes: new Uint8Array(await part.arrayBuffer()), totalBytes };
  };

  const list: Workspace['list'] = async (prefix) => {
    const found: { key: string; bytes: number }[] = [];
    let after: string | undefined;
    do {
      const query = {
        'list-type': '2',
        prefix: settings.prefix + prefix,
        ...(after === undefined ? {} : { 'continuation-token': after }),
      };
      const xml = await (await send({ method: 'GET', query })).text();
      const sizes = xmlTexts(xml, 'Size');
      for (const [i, key] of xmlTexts(xml, 'Key').entries()) {
        found.push({ key: key.slice(settings.prefix.length), bytes: Number(sizes[i]) });
      }
      [after] = xmlTexts(xml, 'NextContinuationToken');
    } while (after !== undefined);
    return found;
  };

  const openFolder: Workspace['openFolder'] = (prefix) => {
    const path = emptied(join(attempts, checkedKey(prefix)), aside);
    return { path, shared: false, close: () => rm(path, { recursive: true, force: true }) };
  };

  return { put, get, read, list, openFolder };
};

/** The object's SHA-256; for one that another program stored, its entity tag, which tells versions apart but is not checked. */
const versionOf = async (send: S3Send, key: string): Promise<string> => {
  const { status, headers } = await send({ method: 'HEAD', key, answers: [404] });
  if (status === 404) throw nothingAt(key);
  return headers.get('x-amz-meta-sha256') ?? `etag-${headers.get('etag')?.replace(/\W/g, '')}`;
};

/** Local copies by version, under the file's own name: programs go by its extension. Asked for twice at once, it comes once. */
const fileCache = (send: S3Send, folder: string, aside: string) => {
  const coming = new Map<string, Promise<string>>();
  prune(folder).catch(() => undefined);

  const download = async (key: string, version: string, target: string): Promise<void> => {
    const response = await send({ method: 'GET', key, answers: [404] });
    if (response.status === 404 || response.body === null) throw nothingAt(key);
    const incoming = join(aside, randomUUID());
    try {
      const { sha256 } = await writeDigested(response.body, incoming);
      if (!version.startsWith('etag-') && sha256 !== version) throw damaged(key, version, sha256);
      await chmod(incoming, 0o444);
      await mkdir(dirname(target), { recursive: true });
      await rename(incoming, target);
    } finally {
      await rm(incoming, { force: true });
    }
  };

  const local = async (key: string, version: string): Promise<string> => {
    const target = join(folder, version, basename(key));
    const now = new Date();
    const here = await utimes(target, now, now).then(
      () => true,
      () => false,
    );
    if (!here) await download(key, version, target);
    return target;
  };

  return (key: string, version: string): Promise<string> => {
    const id = `${version}/${basename(key)}`;
    const promise = coming.get(id) ?? local(key, version).finally(() => coming.delete(id));
    coming.set(id, promise);
    return promise;
  };
};

const prune = async (folder: string): Promise<void> => {
  for (const version of await readdir(folder).catch(() => [])) {
    const path = join(folder, version);
    const files = await readdir(path).catch(() => []);
    const used = await Promise.all(files.map(async (name) => (await stat(join(path, name))).mtimeMs));
    if (Math.max(...used) < Date.now() - KEPT_MS) await rm(path, { recursive: true, force: true });
  }
};
