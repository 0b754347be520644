import { open } from 'node:fs/promises';

const LOOK_BYTES = 256;

/** The newest number 0..1 in a file to which a task writes or appends its progress; null where there is none. */
export const readProgress = async (path: string): Promise<number | null> => {
  const file = await open(path).catch(() => null);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    const length = Math.min(size, LOOK_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const number = Number(buffer.toString('latin1').trim().split(/\s+/).at(-1) || Number.NaN);
    return number >= 0 && number <= 1 ? number : null;
  } catch {
    return null;
  } finally {
    await file.close();
  }
};
