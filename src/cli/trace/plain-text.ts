import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Duplex, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SignalboxError } from '../../domain/index.js';

/** The streams that give a file's text, for a pipeline: gzipped files are known by their content. Throws `unreadable-file`. */
export const plainText = async (file: string): Promise<readonly [Readable] | readonly [Readable, Duplex]> => {
  const gzipped = await isGzipped(file);
  if (file.endsWith('.gz') && !gzipped)
    throw new SignalboxError('unreadable-file', `${file} is not gzipped, though its name says so.`);
  const source = createReadStream(file);
  return gzipped ? [source, createGunzip()] : [source];
};

/** By the two bytes that every gzip file begins with (RFC 1952). */
const isGzipped = async (file: string): Promise<boolean> => {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE(0) === 0x1f8b;
  } catch (error) {
    throw unreadable(error, file);
  } finally {
    await handle?.close();
  }
};

/** What went wrong with a file in the system's words: no such file, broken compression. */
export const unreadable = (error: unknown, file: string): unknown => {
  if (error instanceof SignalboxError || !(error instanceof Error) || !('code' in error)) return error;
  const why = WORDS[String(error.code)] ?? error.message;
  return new SignalboxError('unreadable-file', `${file} cannot be read: ${why}`, [], { cause: error });
};

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file.',
  EISDIR: 'it is a folder.',
  EACCES: 'it is not readable for you.',
  Z_BUF_ERROR: 'its compression ends too early.',
  Z_DATA_ERROR: 'its compression is damaged.',
};
