import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const LOOK_BYTES = 256;
/** A task may have put a pipe there: opening one waits for a writer, and would hold a thread of the worker for as long. */
const AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK;

/** The newest number 0..1 in a file to which a task writes or appends its progress; null where there is none. */
export const readProgress = async (path: string): Promise<number | null> => {
  const file = await open(path, AT_ONCE).catch(() => null);
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
