import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Size and SHA-256 (hex) of something stored. */
export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

/** Digest of a few bytes. */
export const digestOf = (bytes: Uint8Array): Digest => ({
  bytes: bytes.byteLength,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

/** Digest of a file, read as a stream. */
export const digestOfFile = async (file: string): Promise<Digest> => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
};

/** Writes a stream to a new file and digests it in the same pass. */
export const writeDigested = async (source: AsyncIterable<Uint8Array>, file: string): Promise<Digest> => {
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(source, meter, createWriteStream(file, { flags: 'wx' }));
  return { bytes, sha256: hash.digest('hex') };
};

/**
 * Digests files once for as long as they stay the same (inode, size, change time): a fan-out of 200 tasks must not read
 * its 10 GB input 200 times only to check it.
 */
export const digestCache = (limit = 10_000) => {
  const known = new Map<string, Digest>();
  return async (file: string): Promise<Digest> => {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    const version = `${file}:${ino}:${size}:${mtimeMs}:${ctimeMs}`;
    const digest = known.get(version) ?? (await digestOfFile(file));
    if (known.size >= limit) known.clear();
    known.set(version, digest);
    return digest;
  };
};
