import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient, LogPiece } from '../../api/client/index.js';
import { type ApiOptions, openClient } from '../address.js';
import { printJson } from '../output/terminal.js';

interface LogsOptions extends ApiOptions {
  readonly stderr?: boolean;
  readonly attempt?: number;
  readonly follow?: boolean;
}

const POLL_MS = 500;

/** `signalbox logs RUN TASK`: what its program printed, byte for byte; with `--follow` until the attempt has ended. */
export const logs = async (id: string, task: string, options: LogsOptions): Promise<void> => {
  const stream = options.stderr ? 'stderr' : 'stdout';
  const collected: Uint8Array[] = [];
  let attempt = options.attempt ?? 0;
  for await (const piece of pieces(openClient(options), id, task, stream, options)) {
    attempt = piece.attempt;
    if (options.json) collected.push(piece.bytes);
    else process.stdout.write(piece.bytes);
  }
  const text = () => Buffer.concat(collected).toString('utf8');
  if (options.json) printJson({ run: id, task, attempt, stream, text: text() });
};

/** The log piece by piece, always of the attempt it began with. */
async function* pieces(
  client: ApiClient,
  id: string,
  task: string,
  stream: 'stdout' | 'stderr',
  { attempt, follow }: LogsOptions,
): AsyncGenerator<LogPiece> {
  let piece = await client.readLog(id, task, { stream, offset: 0, ...(attempt ? { attempt } : {}) });
  yield piece;
  while (!piece.complete && (follow || piece.bytes.length > 0)) {
    if (piece.bytes.length === 0) await pause(POLL_MS);
    piece = await client.readLog(id, task, { stream, offset: piece.nextOffset, attempt: piece.attempt });
    yield piece;
  }
}
