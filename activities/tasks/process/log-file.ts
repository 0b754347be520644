import { createWriteStream } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const TAIL_BYTES = 4096;

/** A stream on its way to a log file. */
export interface LogCapture {
  /** Settles when the stream has ended and the file is written. */
  readonly done: Promise<void>;
  /** The newest bytes as text, also of what the file no longer took. */
  tail(): string;
  /** Gives up on a stream that something still holds open. */
  stop(): void;
}

/**
 * Streams a program's output into a file: any bytes, lines of any length, bounded memory. Past the limit the stream is
 * read on (a full pipe would stop the program) but dropped, and the log says how much.
 */
export const captureLog = (source: Readable, file: string, limitBytes: number): LogCapture => {
  let written = 0;
  let dropped = 0;
  let tail = Buffer.alloc(0);
  const cap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      tail = Buffer.from(Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES));
      const kept = chunk.subarray(0, Math.max(0, limitBytes - written));
      written += kept.length;
      dropped += chunk.length - kept.length;
      done(null, kept.length > 0 ? kept : undefined);
    },
    flush(done) {
      if (dropped === 0) return done();
      done(null, `\n[signalbox] The log ends at ${limitBytes} bytes; ${dropped} more were dropped.\n`);
    },
  });
  const done = pipeline(source, cap, createWriteStream(file)).catch(ignoreStopped);
  // Whoever waits for it hears of a full disk; before that it must not count as unhandled.
  done.catch(() => undefined);
  return { done, tail: () => tail.toString('utf8'), stop: () => source.destroy() };
};

const ignoreStopped = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
};
