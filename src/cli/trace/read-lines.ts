import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SignalboxError } from '../../domain/index.js';
import type { TextLine } from '../../simulator/index.js';
import { plainText, unreadable } from './plain-text.js';

/** Reads a text file line by line, gzipped or not; lines without text are left out. Throws `unreadable-file`. */
export const readLines = async (file: string): Promise<readonly TextLine[]> => {
  const parts: Buffer[] = [];
  const sink = new Writable({
    write: (part: Buffer, _, done) => {
      parts.push(part);
      done();
    },
  });
  try {
    await pipeline([...(await plainText(file)), sink]);
  } catch (error) {
    throw unreadable(error, file);
  }
  const lines = Buffer.concat(parts).toString('utf8').split(/\r?\n/);
  const filled = lines.map((text, i) => ({ line: i + 1, text })).filter(({ text }) => text.trim() !== '');
  if (filled.length === 0) throw new SignalboxError('invalid-trace', `${file} is empty.`);
  return filled;
};
