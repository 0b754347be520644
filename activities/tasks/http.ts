import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HttpRun, JsonValue } from '../../src/domain/index.js';
import type { Attempt, Worked } from './attempt.js';
import { TaskFailure } from './failure.js';
import { publishFile } from './outputs.js';

/** Statuses worth another attempt where the task names none. */
const RETRYABLE = [408, 425, 429, 500, 502, 503, 504];
/** The most of a body that becomes an output; longer ones are for `download`. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const EXCERPT_CHARS = 500;

/** Sends one request. Outputs: `status`, and `body` (JSON where it is JSON, else text) or, with `download`, `file`. */
export const http = async (run: HttpRun, attempt: Attempt): Promise<Worked> => {
  const response = await send(run, attempt.leave);
  if (!response.ok) throw await refusal(run, response);
  const { status } = response;
  const outputs =
    run.download === undefined
      ? { status, body: await body(response) }
      : { status, file: await download(response, attempt, run.download) };
  return { outputs };
};

const send = async ({ method, url, headers, body }: HttpRun, signal: AbortSignal): Promise<Response> => {
  if (!URL.canParse(url)) throw new TaskFailure('http-invalid', `"${url}" is no URL.`, { final: true });
  const json = body !== undefined && typeof body !== 'string';
  return fetch(url, {
    method,
    headers: { ...(json ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : (body as string) }),
    signal,
  }).catch((cause) => {
    throw new TaskFailure('http-unreachable', `${method} ${url}: ${reason(cause)}`, { cause });
  });
};

const refusal = async (run: HttpRun, response: Response): Promise<TaskFailure> => {
  const retryable = (run.retryableStatuses.length > 0 ? run.retryableStatuses : RETRYABLE).includes(
    response.status,
  );
  const after = response.headers.get('retry-after');
  const text = (await read(response, EXCERPT_CHARS * 4).catch(() => '')).slice(0, EXCERPT_CHARS);
  const message = [
    `${run.method} ${run.url} was answered ${response.status} ${response.statusText}`.trimEnd(),
    after === null ? '' : `, retry after ${after}`,
    text === '' ? '.' : `: ${text}`,
  ].join('');
  return new TaskFailure(`http-${response.status}`, message, { final: !retryable });
};

const body = async (response: Response): Promise<JsonValue> => {
  const text = await read(response, MAX_BODY_BYTES + 1);
  if (text.length > MAX_BODY_BYTES) {
    throw new TaskFailure('output-too-large', 'The body is too long for an output; use `download`.', {
      final: true,
    });
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** Up to so many bytes of the body as text; the rest is not read. */
const read = async (response: Response, limitBytes: number): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of bodyOf(response)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= limitBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
};

async function* bodyOf(response: Response): AsyncIterable<Uint8Array> {
  try {
    if (response.body !== null) yield* response.body;
  } catch (cause) {
    throw new TaskFailure('http-interrupted', `The body broke off: ${reason(cause)}`, { cause });
  }
}

const download = async (response: Response, attempt: Attempt, name: string): Promise<JsonValue> => {
  const file = resolve(attempt.folder, name);
  if (relative(attempt.folder, file).startsWith('..')) {
    throw new TaskFailure('http-invalid', `download "${name}" leads out of the attempt's folder.`, {
      final: true,
    });
  }
  await mkdir(dirname(file), { recursive: true });
  await pipeline(Readable.from(bodyOf(response)), createWriteStream(file));
  return publishFile(attempt, file);
};

/** `fetch failed` says nothing; its cause does. */
const reason = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
};
