import { AwsClient } from 'aws4fetch';
import { SignalboxError } from '../../src/domain/index.js';
import { encodedKey } from './workspace.js';

/** An S3-compatible bucket and how to get in. */
export interface S3Settings {
  readonly bucket: string;
  /** Before every key; empty or ending in a slash. */
  readonly prefix: string;
  /** Absent for AWS itself; given, buckets are addressed by path. */
  readonly endpoint?: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** One request to the bucket. */
export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Absent for a request about the bucket. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  /** Statuses that are an answer and no error, besides success. */
  readonly answers?: readonly number[];
}

/** Sends signed requests. Throws `workspace-unavailable` for any answer that is not expected. */
export type S3Send = (request: S3Request) => Promise<Response>;

/** Refused connections are not retried by the library, answers of 429 and 5xx are. */
const RETRIES = 5;
const EXCERPT_CHARS = 300;

/** A client for one bucket: Signature Version 4 by aws4fetch, which is 3 kB where the official client is 4 MB. */
export const s3Client = (settings: S3Settings): S3Send => {
  const client = new AwsClient({ ...settings, service: 's3', retries: RETRIES });
  const base =
    settings.endpoint === undefined
      ? `https://${settings.bucket}.s3.${settings.region}.amazonaws.com`
      : `${settings.endpoint.replace(/\/+$/, '')}/${settings.bucket}`;

  return async ({ method, key, query = {}, headers = {}, body, answers = [] }) => {
    const path = key === undefined ? '' : `/${encodedKey(settings.prefix + key)}`;
    const url = new URL(base + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const what = `${method} ${url.origin}${url.pathname}`;
    const response = await client
      .fetch(url.href, { method, headers, ...(body === undefined ? {} : { body }) })
      .catch((cause) => {
        throw unavailable(`${what}: ${cause.cause?.message ?? cause.message}`, cause);
      });
    if (response.ok || answers.includes(response.status)) return response;
    const text = (await response.text()).slice(0, EXCERPT_CHARS);
    throw unavailable(`${what} was answered ${response.status}: ${text}`);
  };
};

const unavailable = (message: string, cause?: unknown) =>
  new SignalboxError('workspace-unavailable', message, [], { cause });

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** The texts of an element in an answer's XML, which S3 never nests in itself. */
export const xmlTexts = (xml: string, element: string): string[] =>
  [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(([, text = '']) =>
    text.replace(/&(?:#(x?)([0-9a-f]+)|(\w+));/gi, (whole, hex, code, name) =>
      name === undefined
        ? String.fromCodePoint(Number.parseInt(code, hex ? 16 : 10))
        : (ENTITIES[name] ?? whole),
    ),
  );
