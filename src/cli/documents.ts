import { readFile } from 'node:fs/promises';
import { type Pipeline, readPipeline, SignalboxError } from '../domain/index.js';
import { count } from './output/format.js';

/** The text of a file, or of standard input for `-`. Throws `invalid-option` where it cannot be read. */
export const readText = async (file: string): Promise<string> => {
  try {
    return file === '-' ? await readAll(process.stdin) : await readFile(file, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message;
    throw new SignalboxError('invalid-option', `Cannot read ${file}: ${why}.`, [], { cause });
  }
};

const readAll = async (stream: AsyncIterable<Buffer>): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
};

/** A checked pipeline with the text it was read from. Throws `invalid-document` with every mistake, each with its file. */
export const readDocument = async (file: string): Promise<{ pipeline: Pipeline; text: string }> => {
  const text = await readText(file);
  const read = readPipeline(text);
  if ('pipeline' in read) return { pipeline: read.pipeline, text };
  const what = `${file} has ${count(read.problems.length, 'mistake')}.`;
  throw inFile(new SignalboxError('invalid-document', what, read.problems), file);
};

/** Puts the file's name to each mistake in it, so that a person (and an editor) finds it. */
export const inFile = (error: unknown, file: string): unknown => {
  if (!(error instanceof SignalboxError) || error.code !== 'invalid-document') return error;
  const problems = error.problems.map((problem) => ({ ...problem, file }));
  return new SignalboxError(error.code, error.message, problems, { cause: error });
};
