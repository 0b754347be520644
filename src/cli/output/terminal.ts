import type { WriteStream } from 'node:tty';
import pc from 'picocolors';

export type Colours = ReturnType<typeof pc.createColors>;

/** Where a command prints: its size, whether it can be redrawn, and its colours. */
export interface Terminal {
  /** Characters in a line; unbounded where the output is no terminal, so that nothing is cut for a pipe. */
  readonly width: number;
  readonly height: number;
  /** A person looks at it: lines may be redrawn. */
  readonly isLive: boolean;
  readonly colours: Colours;
  print(text: string): void;
}

const wantsColour = (stream: WriteStream): boolean =>
  stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

/** The terminal behind a standard stream; read anew each time, since people resize windows. */
export const terminal = (stream: WriteStream = process.stdout): Terminal => ({
  width: stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY,
  height: stream.isTTY ? stream.rows || 24 : Number.POSITIVE_INFINITY,
  isLive: stream.isTTY === true && process.env.TERM !== 'dumb',
  colours: pc.createColors(wantsColour(stream)),
  print: (text) => void stream.write(`${text}\n`),
});

/** Prints one JSON document: what `--json` promises on standard output. */
export const printJson = (value: unknown): void =>
  void process.stdout.write(`${JSON.stringify(value, null, process.stdout.isTTY ? 2 : 0)}\n`);

/** A word for a person on standard error, out of the way of what is piped. */
export const note = (text: string): void => void process.stderr.write(`${text}\n`);
