import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { SignalboxError } from '../../src/domain/index.js';
import type { Digest } from './hashing.js';
import { type S3Send, xmlTexts } from './s3-client.js';
import { damaged } from './workspace.js';

/** Parts are read whole: the memory that an upload takes. S3 allows 10,000 of them, so larger files get larger parts. */
const PART_BYTES = 16 * 1024 * 1024;
const MOST_PARTS = 9_000;

/** The digest that goes with an object, so that whoever fetches it can check it. */
const metadata = (sha256: string) => ({ 'x-amz-meta-sha256': sha256 });

/** Stores a few bytes as one object. */
export const uploadBytes = async (
  send: S3Send,
  key: string,
  bytes: Uint8Array,
  sha256: string,
): Promise<void> => {
  const headers = { ...metadata(sha256), 'x-amz-content-sha256': sha256 };
  await send({ method: 'PUT', key, headers, body: new Uint8Array(bytes) });
};

/** Stores a file, in parts where it is large. Throws `workspace-damaged` where it changes meanwhile; then nothing is stored. */
export const uploadFile = async (
  send: S3Send,
  key: string,
  path: string,
  { bytes, sha256 }: Digest,
): Promise<void> => {
  const partBytes = Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS));
  const upload = bytes > partBytes ? await beginParts(send, key, sha256) : wholeObject(send, key, sha256);
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    for (let offset = 0; offset === 0 || offset < bytes; offset += partBytes) {
      const part = Buffer.alloc(Math.min(partBytes, bytes - offset));
      const { bytesRead } = await file.read(part, 0, part.length, offset);
      hash.update(part.subarray(0, bytesRead));
      if (offset + partBytes >= bytes) checkUnchanged(key, sha256, hash.digest('hex'));
      await upload.part(part);
    }
    await upload.complete();
  } catch (error) {
    await upload.abort().catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
};

const checkUnchanged = (key: string, expected: string, found: string) => {
  if (expected !== found) throw damaged(key, expected, found);
};

interface Upload {
  part(bytes: Buffer<ArrayBuffer>): Promise<void>;
  complete(): Promise<void>;
  abort(): Promise<void>;
}

const wholeObject = (send: S3Send, key: string, sha256: string): Upload => ({
  part: (bytes) => uploadBytes(send, key, bytes, sha256),
  complete: async () => undefined,
  abort: async () => undefined,
});

/** A multipart upload: it appears only when it is complete, and costs storage until it is aborted. */
const beginParts = async (send: S3Send, key: string, sha256: string): Promise<Upload> => {
  const begun = await send({ method: 'POST', key, query: { uploads: '' }, headers: metadata(sha256) });
  const [uploadId = ''] = xmlTexts(await begun.text(), 'UploadId');
  const tags: string[] = [];
  return {
    part: async (body) => {
      const query = { partNumber: String(tags.length + 1), uploadId };
      const stored = await send({ method: 'PUT', key, query, body });
      await stored.arrayBuffer();
      tags.push(stored.headers.get('etag') ?? '');
    },
    complete: async () => {
      const parts = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
      const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
      const completed = await send({ method: 'POST', key, query: { uploadId }, body });
      checkCompleted(key, await completed.text());
    },
    abort: async () => {
      await send({ method: 'DELETE', key, query: { uploadId } });
    },
  };
};

/** S3 answers 200 before it has put the parts together, and reports a failure in the body. */
const checkCompleted = (key: string, answer: string): void => {
  if (!answer.includes('<Error>')) return;
  throw new SignalboxError('workspace-unavailable', `Storing ${key} failed: ${xmlTexts(answer, 'Message')}`);
};
